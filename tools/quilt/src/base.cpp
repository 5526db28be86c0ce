// SPDX-License-Identifier: GPL-2.0-only
#include "base.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "text.hpp"

namespace hm
{

namespace
{

constexpr std::array<std::string_view, 6> columns{"name", "tag",    "origins",
						  "tree", "result", "state"};

/// Value that stands for "nothing" in `bases`.
constexpr std::string_view none = "-";

std::optional<unsigned> number(std::string_view text)
{
	unsigned value = 0;
	const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
	if (ec != std::errc{} || end != text.data() + text.size())
		return std::nullopt;
	return value;
}

/// `kernel.org:SHA` or `debian:SUITE:VERSION:SHA`; SHA may be `unknown`.
Result<Origin> parse_origin(std::string_view text)
{
	const auto parts = words_of(text, ":");
	Origin origin;
	if (parts.size() == 2 && parts[0] == "kernel.org") {
		origin = {.name = parts[0], .suite = {}, .version = {}, .sha256 = parts[1]};
	} else if (parts.size() == 4 && parts[0] == "debian") {
		origin = {.name = parts[0],
			  .suite = parts[1],
			  .version = parts[2],
			  .sha256 = parts[3]};
	} else {
		return fail(Exit::mismatch, fmt::format("bad origin '{}'", text),
			    "write kernel.org:SHA256 or debian:SUITE:VERSION:SHA256, SHA256 may be "
			    "'unknown'");
	}
	if (origin.sha256 == "unknown")
		origin.sha256.clear();
	else if (!is_hex(origin.sha256, 64))
		return fail(Exit::mismatch,
			    fmt::format("origin {}: '{}' is no sha256", origin.name, origin.sha256),
			    "64 lower-case hexadecimal digits, or 'unknown'");
	return origin;
}

Result<std::string> parse_tree(std::string_view column, const std::string &text)
{
	if (text == none)
		return std::string{};
	if (!is_hex(text, 40))
		return fail(Exit::mismatch, fmt::format("{} '{}' is no git tree id", column, text),
			    "40 lower-case hexadecimal digits, or '-' for none");
	return text;
}

Result<Base> parse_base_row(std::string_view line)
{
	const auto words = words_of(line);
	if (words.size() != columns.size())
		return fail(Exit::mismatch,
			    fmt::format("{} columns instead of {}", words.size(), columns.size()),
			    "name tag origins tree result state");
	Base base;
	base.name = words[0];
	base.tag = words[1];
	if (auto version = parse_tag(base.tag); !version)
		return tl::unexpected(version.error());
	for (const auto &text : words_of(words[2], ",")) {
		auto origin = parse_origin(text);
		if (!origin)
			return tl::unexpected(origin.error());
		base.origins.push_back(std::move(*origin));
	}
	auto tree = parse_tree("tree", words[3]);
	if (!tree)
		return tl::unexpected(tree.error());
	if (tree->empty())
		return fail(Exit::mismatch, "a base needs its normalised tree",
			    "tools/quilt/import prints it");
	base.tree = *tree;
	auto result = parse_tree("result", words[4]);
	if (!result)
		return tl::unexpected(result.error());
	base.result = *result;
	base.state = words[5];
	constexpr std::array<std::string_view, 3> states{"developing", "supported", "retired"};
	if (std::find(states.begin(), states.end(), base.state) == states.end())
		return fail(Exit::mismatch, fmt::format("unknown state '{}'", base.state),
			    "developing, supported or retired");
	return base;
}

bool is_row(std::string_view line)
{
	const auto text = trim(line);
	return !text.empty() && text.front() != '#';
}

} // namespace

std::string KernelVersion::text() const
{
	return fmt::format("{}.{}.{}{}", version, patchlevel, sublevel, extra);
}

std::string KernelVersion::line() const
{
	return fmt::format("{}.{}.y", version, patchlevel);
}

Result<KernelVersion> parse_kernel_makefile(std::string_view text)
{
	const auto lines = lines_of(text);
	const auto value_of =
		[&lines](std::string_view variable) -> std::optional<std::string_view> {
		for (const auto line : lines) {
			const auto equals = line.find('=');
			if (equals != std::string_view::npos &&
			    trim(line.substr(0, equals)) == variable)
				return trim(line.substr(equals + 1));
		}
		return std::nullopt;
	};
	const auto number_of = [&value_of](std::string_view variable) {
		const auto value = value_of(variable);
		return value ? number(*value) : std::nullopt;
	};
	const auto version = number_of("VERSION");
	const auto patchlevel = number_of("PATCHLEVEL");
	const auto sublevel = number_of("SUBLEVEL");
	if (!version || !patchlevel || !sublevel)
		return fail(Exit::mismatch, "no kernel's top-level Makefile: VERSION, PATCHLEVEL "
					    "or SUBLEVEL is missing");
	return KernelVersion{*version, *patchlevel, *sublevel,
			     std::string(value_of("EXTRAVERSION").value_or(""))};
}

Result<KernelVersion> parse_tag(std::string_view tag)
{
	const auto bad = [tag] {
		return fail(Exit::usage, fmt::format("'{}' is no kernel tag", tag),
			    "write it like v5.10.262");
	};
	if (!tag.starts_with('v'))
		return bad();
	const auto dash = tag.find('-');
	const auto parts =
		words_of(tag.substr(1, dash == std::string_view::npos ? dash : dash - 1), ".");
	if (parts.size() < 2 || parts.size() > 3)
		return bad();
	std::array<unsigned, 3> numbers{};
	for (std::size_t i = 0; i < parts.size(); i++) {
		const auto value = number(parts[i]);
		if (!value)
			return bad();
		numbers.at(i) = *value;
	}
	return KernelVersion{numbers[0], numbers[1], numbers[2],
			     dash == std::string_view::npos ? std::string{}
							    : std::string(tag.substr(dash))};
}

std::optional<Origin> Base::origin(std::string_view wanted) const
{
	for (const auto &candidate : origins)
		if (candidate.name == wanted)
			return candidate;
	return std::nullopt;
}

Result<std::vector<Base>> parse_bases(std::string_view text)
{
	std::vector<Base> bases;
	const auto lines = lines_of(text);
	for (std::size_t i = 0; i < lines.size(); i++) {
		if (!is_row(lines[i]))
			continue;
		auto base = parse_base_row(lines[i]);
		if (!base) {
			auto error = base.error();
			error.what = fmt::format("bases:{}: {}", i + 1, error.what);
			return tl::unexpected(error);
		}
		for (const auto &other : bases)
			if (other.name == base->name)
				return fail(Exit::mismatch, fmt::format("bases:{}: a second row {}",
									i + 1, base->name));
		bases.push_back(std::move(*base));
	}
	return bases;
}

Result<Base> find_base(const std::vector<Base> &bases, std::string_view name)
{
	std::string names;
	for (const auto &base : bases) {
		if (base.name == name)
			return base;
		names += (names.empty() ? "" : ", ") + base.name;
	}
	return fail(Exit::usage, fmt::format("no base '{}'", name),
		    fmt::format("bases has: {}", names));
}

Result<std::string> with_field(std::string_view text, std::string_view name, std::string_view field,
			       std::string_view value)
{
	const auto column = std::find(columns.begin() + 1, columns.end(), field);
	if (column == columns.end())
		return fail(Exit::usage, fmt::format("no field '{}' to set", field),
			    "tag, origins, tree, result or state");
	std::string out;
	bool found = false;
	for (const auto line : lines_of(text)) {
		auto words = words_of(line);
		if (!is_row(line) || words.size() != columns.size() || words[0] != name) {
			out += fmt::format("{}\n", line);
			continue;
		}
		found = true;
		words[static_cast<std::size_t>(column - columns.begin())] =
			value.empty() ? none : value;
		out += fmt::format("{}\n", fmt::join(words, " "));
	}
	if (!found)
		return fail(Exit::usage, fmt::format("no base '{}'", name));
	// What was written must read back; a bad value is caught here and not by the next reader.
	if (auto bases = parse_bases(out); !bases)
		return tl::unexpected(bases.error());
	return out;
}

} // namespace hm
