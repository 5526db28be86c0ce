// SPDX-License-Identifier: GPL-2.0-only
#include "symbols.hpp"

#include <algorithm>
#include <charconv>

#include "text_file.hpp"

namespace hugemem
{

Clone clone_kind(std::string_view symbol, std::string_view function)
{
	if (!symbol.starts_with(function))
		return Clone::unrelated;
	std::string_view rest = symbol.substr(function.size());
	if (rest.empty())
		return Clone::none;
	if (rest.front() != '.')
		return Clone::unrelated;

	Clone kind = Clone::whole;
	while (!rest.empty()) {
		rest.remove_prefix(1);
		const auto end = std::min(rest.find('.'), rest.size());
		const std::string_view word = rest.substr(0, end);
		const bool number = !word.empty() &&
				    word.find_first_not_of("0123456789") == std::string_view::npos;
		if (word == "part")
			kind = Clone::part;
		else if (!number && word != "isra" && word != "constprop" && word != "llvm")
			return Clone::fragment;
		rest.remove_prefix(end);
	}
	return kind;
}

Symbols Symbols::parse(std::string_view text)
{
	Symbols symbols;
	while (!text.empty()) {
		const auto eol = std::min(text.find('\n'), text.size());
		const std::string_view line = text.substr(0, eol);
		text.remove_prefix(std::min(eol + 1, text.size()));

		// "ffffffff81000000 t name" or "... t name\t[module]"
		const auto space = line.find(' ');
		if (space == std::string_view::npos || line.size() < space + 4 ||
		    line[space + 2] != ' ')
			continue;
		const char type = line[space + 1];
		if (type != 't' && type != 'T' && type != 'w' && type != 'W')
			continue;
		const std::string_view name = line.substr(space + 3);
		if (name.find('\t') != std::string_view::npos)
			continue;
		std::uint64_t address = 0;
		const char *first = line.data();
		const auto [stop, ec] = std::from_chars(first, first + space, address, 16);
		if (ec != std::errc{} || stop != first + space)
			continue;
		symbols.text_.push_back({std::string(name), Clone::none, address});
	}
	std::sort(symbols.text_.begin(), symbols.text_.end(),
		  [](const auto &a, const auto &b) { return a.name < b.name; });
	return symbols;
}

Result<Symbols> Symbols::load()
{
	const auto text = read_text("/proc/kallsyms");
	if (!text)
		return tl::unexpected(text.error());
	Symbols symbols = parse(*text);
	if (symbols.text_.empty())
		return fail(Exit::environment, "/proc/kallsyms", "holds no functions",
			    "the kernel needs CONFIG_KALLSYMS=y");
	return symbols;
}

std::vector<FunctionSymbol> Symbols::followable(std::string_view function) const
{
	std::vector<FunctionSymbol> whole;
	std::vector<FunctionSymbol> parts;
	auto it = std::lower_bound(text_.begin(), text_.end(), function,
				   [](const auto &s, std::string_view f) { return s.name < f; });
	for (; it != text_.end() && it->name.starts_with(function); ++it) {
		FunctionSymbol symbol = *it;
		symbol.clone = clone_kind(symbol.name, function);
		if (symbol.clone == Clone::none || symbol.clone == Clone::whole)
			whole.push_back(std::move(symbol));
		else if (symbol.clone == Clone::part)
			parts.push_back(std::move(symbol));
	}
	return whole.empty() ? parts : whole;
}

bool Symbols::has(std::string_view name) const
{
	const auto it =
		std::lower_bound(text_.begin(), text_.end(), name,
				 [](const auto &s, std::string_view n) { return s.name < n; });
	return it != text_.end() && it->name == name;
}

} // namespace hugemem
