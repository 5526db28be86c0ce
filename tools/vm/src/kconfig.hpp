// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Kernel configuration fragments: what is wanted, what survived.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"

namespace hm::vm::kconfig
{

/// One wanted line: "CONFIG_X=y", "CONFIG_X=\"text\"" or "# CONFIG_X is not set" (value "n").
struct Wanted {
	std::string symbol; ///< without CONFIG_
	std::string value;
	std::string file; ///< fragment it is from
	size_t line = 0;
	bool feature = false; ///< from Kconfig.fragment: a tree without the series does not know it
};

/// Reads a fragment. Comments and blank lines are ignored; anything else that is not a wanted
/// line is an error that names file and line.
Result<std::vector<Wanted>> parse_fragment(std::string_view text, const std::string &file);

/// Later lines win over earlier ones of the same symbol, as merge_config.sh has it.
std::vector<Wanted> effective(const std::vector<Wanted> &all);

/// A .config as symbol to value; a symbol that is absent or "is not set" has no entry.
std::map<std::string, std::string> parse_config(std::string_view text);

/// A wanted line that the configuration does not have.
struct Lost {
	Wanted wanted;
	std::string actual; ///< value in the configuration, "n" if unset
};
std::vector<Lost> find_lost(const std::vector<Wanted> &wanted,
			    const std::map<std::string, std::string> &config);

/// Which of `symbols` some Kconfig file of the tree defines (config or menuconfig).
Result<std::set<std::string>> known_symbols(const std::filesystem::path &tree,
					    const std::set<std::string> &symbols);

} // namespace hm::vm::kconfig
