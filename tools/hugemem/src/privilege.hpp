// SPDX-License-Identifier: GPL-2.0-only
/// Whether the process may do what hugemem needs, said exactly.
#pragma once

#include <cstdint>
#include <string>

#include "error.hpp"

namespace hugemem
{

/// Capabilities by their numbers in linux/capability.h.
enum class Cap : unsigned {
	dac_override = 1,
	sys_admin = 21,
	sys_resource = 24,
	perfmon = 38,
	bpf = 39,
};

/// The effective set of this process as a bit mask; 0 if /proc cannot be read.
std::uint64_t effective_caps();
/// Takes it out of the text of /proc/PID/status.
std::uint64_t caps_in(const std::string &status);
bool has_cap(Cap cap);

/// CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN, which implies them); else an
/// environment error that names what is missing.
Result<void> require_bpf();
/// PFNs in /proc/kpageflags are for CAP_SYS_ADMIN and its file permissions only.
Result<void> require_page_flags();

/// Why BPF may be refused (EPERM) although the process has the capabilities: before 5.11 the
/// kernel charges maps and programs to RLIMIT_MEMLOCK, which only CAP_SYS_RESOURCE raises.
/// "" where that cannot be the cause of `error` (an errno of either sign).
std::string memlock_hint(int error);

/// "none", "integrity" or "confidentiality"; "" where the kernel has no lockdown.
std::string lockdown();
/// The one in brackets of "none [integrity] confidentiality".
std::string lockdown_in(const std::string &text);

} // namespace hugemem
