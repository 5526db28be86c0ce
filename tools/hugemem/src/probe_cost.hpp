// SPDX-License-Identifier: GPL-2.0-only
/// What following a function costs: timed with and without the programs attached.
///
/// The kernel's run_time_ns would leave out the trampoline or the breakpoint, which is most
/// of it. So the same programs are attached, for some milliseconds, to a system call that
/// hardly anybody uses and that does next to nothing, and that call is timed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "anchor.hpp"
#include "btf.hpp"
#include "error.hpp"
#include "symbols.hpp"

namespace hugemem
{

struct ProbeCost {
	Attach kind = Attach::fentry;
	std::string symbol;      ///< what was timed
	std::uint64_t calls = 0; ///< in one round; the best of several rounds counts
	double without_ns = 0;   ///< one call, programs not attached
	double with_ns = 0;      ///< one call, entry and return followed
	/// For one call, entry and return together; never below zero.
	[[nodiscard]] double ns() const { return with_ns > without_ns ? with_ns - without_ns : 0; }
};

/// Attaches, times, detaches. Errors: environment.
Result<ProbeCost> measure_cost(Attach kind, const Symbols &symbols, const KernelBtf *btf);

/// "182 ns a call by fentry+fexit (...)".
std::string text_of(const ProbeCost &cost);
nlohmann::ordered_json json_of(const ProbeCost &cost);

} // namespace hugemem
