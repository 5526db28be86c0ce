// SPDX-License-Identifier: GPL-2.0-only
/// The bpftrace command line that a latency measurement stands for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hugemem_abi.h"

namespace hugemem
{

/// One event as it would be followed.
struct TracedEvent {
	std::string name;
	std::vector<std::string> symbols; ///< at least one
	hm_ret ret = HM_RET_VOID;
	unsigned ret_bytes = 8; ///< width of what the functions return
};

struct BpftraceRequest {
	std::vector<TracedEvent> events; ///< at least one
	std::string unit = "ns";         ///< "ns", "us" or "ms"
	std::uint64_t unit_ns = 1;
	std::uint32_t pid = 0; ///< 0: every process
	std::string cgroup;    ///< path; empty: every one
	double interval = 0;   ///< seconds, 0: none
	double duration = 0;   ///< seconds, 0: none
};

/// "bpftrace -e '...'", for a shell, without a newline.
std::string bpftrace_command(const BpftraceRequest &request);

/// In single quotes, so that a shell takes it as one word as it is.
std::string shell_quoted(std::string_view text);

} // namespace hugemem
