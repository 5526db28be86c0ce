// SPDX-License-Identifier: GPL-2.0-only
#include "terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace hugemem
{
namespace
{

std::string_view env(const char *name)
{
	const char *value = std::getenv(name);
	return value ? value : "";
}

} // namespace

bool names_utf8(std::string_view locale)
{
	const auto dot = locale.find('.');
	if (dot == std::string_view::npos)
		return false;
	std::string codeset;
	for (const char c : locale.substr(dot + 1)) {
		if (c == '@')
			break;
		if (c != '-')
			codeset += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
	}
	return codeset == "utf8";
}

Style Style::of_stdout()
{
	Style style;
	for (const char *name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
		if (const auto value = env(name); !value.empty()) {
			style.utf8 = names_utf8(value);
			break;
		}
	}
	style.colour =
		::isatty(STDOUT_FILENO) == 1 && env("NO_COLOR").empty() && env("TERM") != "dumb";
	return style;
}

std::string Style::paint(std::string_view sgr, std::string_view text) const
{
	if (!colour)
		return std::string(text);
	return "\033[" + std::string(sgr) + "m" + std::string(text) + "\033[0m";
}

} // namespace hugemem
