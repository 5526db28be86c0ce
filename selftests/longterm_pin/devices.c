// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of every kind, pinned for devices: vhost-vdpa and RDMA.  VFIO is in vfio.c.
 */
#include "kinds.h"

TEST_F_TIMEOUT(kinds, vdpa, HV_TIMEOUT)
{
	one(_metadata, self->missing, variant->kind, PIN_VDPA);
}

TEST_F_TIMEOUT(kinds, rdma, HV_TIMEOUT)
{
	one(_metadata, self->missing, variant->kind, PIN_RDMA);
}

TEST_HARNESS_MAIN
