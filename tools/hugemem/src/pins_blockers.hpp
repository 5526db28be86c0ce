// SPDX-License-Identifier: GPL-2.0-only
/// hugemem pins --blockers.
#pragma once

#include <cstdint>
#include <optional>

#include "error.hpp"

namespace hugemem
{

struct BlockersOptions {
	bool all = false;                   ///< list what is held or the kernel's own as well
	bool json = false;                  ///< one line of JSON
	std::optional<std::uint64_t> block; ///< this one, whatever its zone
};

/// Looks and prints. Errors: usage (no such block), environment, cannot_tell.
Result<Exit> run_blockers(const BlockersOptions &options);

} // namespace hugemem
