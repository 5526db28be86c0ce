// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// For commands that watch until somebody ends them.
#pragma once

namespace hugemem
{

/// From now on SIGINT and SIGTERM end no process, they interrupt what waits (there is no
/// SA_RESTART) and make stopped() true.
void stop_on_signals();

/// Whether one of the two has come.
bool stopped();

} // namespace hugemem
