# SPDX-License-Identifier: GPL-2.0-only
# Paths (git pathspecs) that Debian's source package leaves out of the kernel it carries, for their
# licence. Normalising removes them from every origin, so that all give one tree.
Documentation/netlabel/draft-ietf-cipso-ipsecurity-01.txt
arch/powerpc/platforms/8xx/micropatch.c
drivers/media/i2c/vs6624.c
drivers/media/usb/dvb-usb/af9005-script.h
drivers/net/appletalk/cops*
drivers/video/fbdev/nvidia
drivers/video/fbdev/riva
