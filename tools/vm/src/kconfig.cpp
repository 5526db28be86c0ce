// SPDX-License-Identifier: GPL-2.0-only
#include "kconfig.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "files.hpp"

namespace fs = std::filesystem;

namespace hm::vm::kconfig
{
namespace
{

constexpr std::string_view prefix = "CONFIG_";
constexpr std::string_view unset_suffix = " is not set";

bool symbol_char(char c)
{
	return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Calls `take(line, number)` for each line, without blanks at its ends.
template <class Take>
void each_line(std::string_view text, Take take)
{
	for (size_t number = 1; !text.empty(); ++number) {
		const size_t eol = std::min(text.find('\n'), text.size());
		std::string_view line = text.substr(0, eol);
		text.remove_prefix(std::min(eol + 1, text.size()));
		while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0)
			line.remove_suffix(1);
		while (!line.empty() && std::isspace(static_cast<unsigned char>(line.front())) != 0)
			line.remove_prefix(1);
		take(line, number);
	}
}

/// "CONFIG_X=V" or "# CONFIG_X is not set" as symbol and value; an empty symbol otherwise.
std::pair<std::string, std::string> parse_line(std::string_view line)
{
	if (line.substr(0, 2) == "# " && line.substr(2, prefix.size()) == prefix &&
	    line.size() > unset_suffix.size() + 2 + prefix.size() &&
	    line.substr(line.size() - unset_suffix.size()) == unset_suffix) {
		line.remove_prefix(2 + prefix.size());
		line.remove_suffix(unset_suffix.size());
		if (std::all_of(line.begin(), line.end(), symbol_char))
			return {std::string(line), "n"};
		return {};
	}
	const size_t equal = line.find('=');
	if (line.substr(0, prefix.size()) != prefix || equal == std::string_view::npos)
		return {};
	const std::string_view symbol = line.substr(prefix.size(), equal - prefix.size());
	if (symbol.empty() || !std::all_of(symbol.begin(), symbol.end(), symbol_char))
		return {};
	return {std::string(symbol), std::string(line.substr(equal + 1))};
}

} // namespace

Result<std::vector<Wanted>> parse_fragment(std::string_view text, const std::string &file)
{
	std::vector<Wanted> list;
	std::string bad;
	each_line(text, [&](std::string_view line, size_t number) {
		auto [symbol, value] = parse_line(line);
		if (!symbol.empty() && !value.empty())
			list.push_back({symbol, value, file, number});
		else if (!line.empty() && line.front() != '#' && bad.empty())
			bad = fmt::format("{}:{}: \"{}\" is not a configuration line", file, number,
					  line);
	});
	if (!bad.empty())
		return fail(Exit::usage, bad, "write CONFIG_X=y or \"# CONFIG_X is not set\"");
	return list;
}

std::vector<Wanted> effective(const std::vector<Wanted> &all)
{
	std::vector<Wanted> list;
	for (const Wanted &wanted : all) {
		std::erase_if(list, [&](const Wanted &old) { return old.symbol == wanted.symbol; });
		list.push_back(wanted);
	}
	return list;
}

std::map<std::string, std::string> parse_config(std::string_view text)
{
	std::map<std::string, std::string> config;
	each_line(text, [&](std::string_view line, size_t) {
		auto [symbol, value] = parse_line(line);
		if (!symbol.empty() && value != "n")
			config[symbol] = value;
	});
	return config;
}

std::vector<Lost> find_lost(const std::vector<Wanted> &wanted,
			    const std::map<std::string, std::string> &config)
{
	std::vector<Lost> lost;
	for (const Wanted &want : wanted) {
		const auto it = config.find(want.symbol);
		const std::string actual = it == config.end() ? "n" : it->second;
		if (actual != want.value)
			lost.push_back({want, actual});
	}
	return lost;
}

Result<std::set<std::string>> known_symbols(const fs::path &tree,
					    const std::set<std::string> &symbols)
{
	std::set<std::string> found;
	std::error_code ec;
	for (auto it = fs::recursive_directory_iterator(tree, ec);
	     it != fs::recursive_directory_iterator(); it.increment(ec)) {
		if (ec || found.size() == symbols.size())
			break;
		const std::string name = it->path().filename().string();
		if (it->is_directory(ec) && (name == ".git" || name == "Documentation"))
			it.disable_recursion_pending();
		if (name.rfind("Kconfig", 0) != 0 || !it->is_regular_file(ec))
			continue;
		const auto text = read_file(it->path());
		if (!text)
			return tl::unexpected(text.error());
		each_line(*text, [&](std::string_view line, size_t) {
			for (const std::string_view keyword : {"config ", "menuconfig "}) {
				if (line.substr(0, keyword.size()) != keyword)
					continue;
				const std::string symbol(line.substr(keyword.size()));
				if (symbols.contains(symbol))
					found.insert(symbol);
			}
		});
	}
	if (ec)
		return fail_errno(tree.string(), ec.value());
	return found;
}

} // namespace hm::vm::kconfig
