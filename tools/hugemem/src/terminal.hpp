// SPDX-License-Identifier: GPL-2.0-only
/// How to write on this output: colour, and line drawing by locale.
#pragma once

#include <string>
#include <string_view>

namespace hugemem
{

/// What the output can show. A plain default-made one suits files and tests.
struct Style {
	bool utf8 = false;   ///< box drawing characters may be used
	bool colour = false; ///< escape sequences may be used

	/// For standard output: colour on a terminal unless NO_COLOR is set to
	/// something or TERM is dumb; UTF-8 as LC_ALL, LC_CTYPE or LANG says.
	static Style of_stdout();

	/// `text` in an SGR code ("1;31"), or as it is without colour.
	[[nodiscard]] std::string paint(std::string_view sgr, std::string_view text) const;
	[[nodiscard]] std::string good(std::string_view text) const { return paint("32", text); }
	[[nodiscard]] std::string bad(std::string_view text) const { return paint("1;31", text); }
	[[nodiscard]] std::string dim(std::string_view text) const { return paint("2", text); }
	[[nodiscard]] std::string bold(std::string_view text) const { return paint("1", text); }
};

/// Whether a locale name such as "de_DE.UTF-8" or "C.utf8" stands for UTF-8.
bool names_utf8(std::string_view locale);

} // namespace hugemem
