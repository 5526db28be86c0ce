// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Stopping on SIGINT, SIGTERM or SIGHUP: every loop that waits polls one descriptor.
#pragma once

namespace hm::vm::stop
{

/// Installs the handlers. Call once, before any child is started.
void install();

/// A descriptor that becomes readable, for good, when a stop was asked for.
int fd();

/// The signal that asked for the stop, 0 if none did.
int signal_number();
inline bool requested()
{
	return signal_number() != 0;
}

/// Dies of the signal that was received, so that the caller (a shell, make) sees it.
/// To be called last, after everything was cleaned up. Returns if no signal came.
void die_if_requested();

} // namespace hm::vm::stop
