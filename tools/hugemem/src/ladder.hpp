// SPDX-License-Identifier: GPL-2.0-only
/// Which kernel functions stand for an event, over all the names they have had.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hugemem_abi.h"
#include "symbols.hpp"

namespace hugemem
{

/// A function that a compiler may inline where it matters. Kernels that have one of `tellers`
/// have it in their source: where it cannot be followed there, the rung would miss calls.
struct Inlinable {
	std::string function; ///< one of the rung's
	std::vector<std::string> tellers;
};

/// One way of seeing an event: functions that are followed together. Those that
/// the kernel does not have are left out; where several exist, only the
/// outermost of nested calls counts.
struct Rung {
	std::vector<std::string> functions;
	hm_ret ret = HM_RET_VOID; ///< what a return value means, if the function has one
	std::string note;         ///< what is special about counts by this rung; may be empty
	std::string per = "page"; ///< what one call stands for: "page", "batch" or "call"
	std::vector<Inlinable> inlinable = {}; ///< without these the rung does not hold
};

/// Something that happens to huge pages and takes time.
struct Event {
	std::string name;        ///< as on the command line
	std::string what;        ///< one line for the help
	std::vector<Rung> rungs; ///< best first
};

/// All events, in the order they are printed.
const std::vector<Event> &events();
/// By name; nullptr if there is none.
const Event *find_event(std::string_view name);

/// One rung against one kernel: the symbols to follow, or why there are none.
struct Fit {
	std::size_t rung = 0;
	struct Target {
		std::string function; ///< the source name
		FunctionSymbol symbol;
	};
	std::vector<Target> targets; ///< empty: the rung does not hold
	std::string why;             ///< if so, the reason
};

/// All rungs of an event against the symbols of a kernel, in order.
std::vector<Fit> fit(const Event &event, const Symbols &symbols);

} // namespace hugemem
