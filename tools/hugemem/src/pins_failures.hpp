// SPDX-License-Identifier: GPL-2.0-only
/// hugemem pins --failures.
#pragma once

#include "error.hpp"

namespace hugemem
{

struct FailuresOptions {
	double seconds = 0; ///< 0: until a signal comes
	bool json = false;
};

/// Prints each page that a long-term pin could not move, as the kernel tells of it, then totals.
/// Errors: environment, with what exactly the kernel lacks.
Result<Exit> run_failures(const FailuresOptions &o);

} // namespace hugemem
