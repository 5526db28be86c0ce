// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of every kind, pinned for long by everybody who can without a device.
 */
#include "kinds.h"

TEST_F_TIMEOUT(kinds, io_uring, HV_TIMEOUT)
{
	one(_metadata, self->missing, variant->kind, PIN_URING);
}

TEST_F_TIMEOUT(kinds, gup, HV_TIMEOUT)
{
	one(_metadata, self->missing, variant->kind, PIN_GUP);
}

TEST_F_TIMEOUT(kinds, gup_fast, HV_TIMEOUT)
{
	one(_metadata, self->missing, variant->kind, PIN_GUP_FAST);
}

TEST_F_TIMEOUT(kinds, gup_read, HV_TIMEOUT)
{
	one(_metadata, self->missing, variant->kind, PIN_GUP_READ);
}

TEST_F_TIMEOUT(kinds, af_xdp, HV_TIMEOUT)
{
	one(_metadata, self->missing, variant->kind, PIN_XDP);
}

TEST_HARNESS_MAIN
