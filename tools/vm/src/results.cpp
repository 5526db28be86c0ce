// SPDX-License-Identifier: GPL-2.0-only
#include "results.hpp"

#include <charconv>
#include <cmath>
#include <sstream>

#include <fmt/format.h>

namespace hm::vm
{
namespace
{

bool take_prefix(std::string_view &text, std::string_view prefix)
{
	if (text.substr(0, prefix.size()) != prefix)
		return false;
	text.remove_prefix(prefix.size());
	return true;
}

std::vector<std::string> words(std::string_view text)
{
	std::istringstream in{std::string(text)};
	std::vector<std::string> list;
	for (std::string word; in >> word;)
		list.push_back(word);
	return list;
}

template <class Number>
bool to_number(const std::string &text, Number &out)
{
	const char *end = text.data() + text.size();
	const auto [rest, ec] = std::from_chars(text.data(), end, out);
	return ec == std::errc{} && rest == end;
}

void take_metric(std::string_view rest, GuestResults &out)
{
	const auto parts = words(rest);
	Metric metric;
	if (parts.size() < 2 || parts.size() > 3 || !to_number(parts[1], metric.value) ||
	    !std::isfinite(metric.value)) {
		out.problems.push_back(fmt::format("malformed metric line: \"metric {}\"", rest));
		return;
	}
	if (parts.size() == 3)
		metric.unit = parts[2];
	out.metrics[parts[0]] = metric;
}

void take_exit(std::string_view rest, GuestResults &out)
{
	const auto parts = words(rest);
	int status = 0;
	if (parts.size() != 2 || !to_number(parts[0], status) || !to_number(parts[1], out.taint)) {
		out.problems.push_back(fmt::format("malformed exit line: \"hm: exit {}\"", rest));
		return;
	}
	out.exit_status = status;
}

} // namespace

GuestResults parse_results(std::string_view text)
{
	GuestResults out;
	std::string block; // name of the open one
	while (!text.empty()) {
		const size_t eol = std::min(text.find('\n'), text.size());
		std::string line(text.substr(0, eol));
		text.remove_prefix(std::min(eol + 1, text.size()));
		std::erase(line, '\r');
		std::string_view rest = line;
		if (!block.empty()) {
			if (line == "end")
				block.clear();
			else
				out.blocks[block].push_back(line);
		} else if (take_prefix(rest, "metric ")) {
			take_metric(rest, out);
		} else if (take_prefix(rest, "block ")) {
			block = rest;
			out.blocks[block].clear();
		} else if (take_prefix(rest, "hm: note ")) {
			out.notes.emplace_back(rest);
		} else if (take_prefix(rest, "hm: exit ")) {
			take_exit(rest, out);
		} else {
			out.ktap += line;
			out.ktap += '\n';
		}
	}
	if (!block.empty())
		out.problems.push_back(fmt::format("block \"{}\" has no end", block));
	return out;
}

} // namespace hm::vm
