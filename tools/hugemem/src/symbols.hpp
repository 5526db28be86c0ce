// SPDX-License-Identifier: GPL-2.0-only
/// Functions in /proc/kallsyms, and the clones a compiler makes of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"

namespace hugemem
{

/// What the compiler made of a function.
enum class Clone {
	none,      ///< the function under its own name
	whole,     ///< .isra.N, .constprop.N, .llvm.N: the whole body, changed arguments
	part,      ///< .part.N: the outlined rest; the beginning was inlined into the callers
	fragment,  ///< .cold and the like: never entered by a call, not to be followed
	unrelated, ///< another function
};

/// What symbol `symbol` is to function `function`. A name with several suffixes
/// ("f.isra.0.cold") is as bad as its worst one.
Clone clone_kind(std::string_view symbol, std::string_view function);

/// One text symbol.
struct FunctionSymbol {
	std::string name; ///< with its suffixes, as the kernel prints it
	Clone clone = Clone::none;
	std::uint64_t address = 0; ///< 0 when kptr_restrict hides it
};

/// The text symbols of the running kernel (modules left out).
class Symbols
{
public:
	/// Reads /proc/kallsyms. Errors: environment.
	static Result<Symbols> load();
	/// From text in the format of /proc/kallsyms; lines that are not understood are skipped.
	static Symbols parse(std::string_view text);

	/// The symbols that have to be followed to see every call of `function` that
	/// is not inlined: its own and all whole clones; parts only if there is
	/// nothing else.
	[[nodiscard]] std::vector<FunctionSymbol> followable(std::string_view function) const;

	/// Whether `name` exists, exactly.
	[[nodiscard]] bool has(std::string_view name) const;
	[[nodiscard]] std::size_t size() const { return text_.size(); }

private:
	std::vector<FunctionSymbol> text_; ///< sorted by name
};

} // namespace hugemem
