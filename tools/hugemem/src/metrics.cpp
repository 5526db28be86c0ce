// SPDX-License-Identifier: GPL-2.0-only
#include "metrics.hpp"

#include <string_view>

#include <fmt/format.h>

namespace hugemem
{
namespace
{

std::string escaped(std::string_view text)
{
	std::string out;
	for (const char c : text) {
		if (c == '\\' || c == '"')
			out += '\\';
		if (c == '\n')
			out += "\\n";
		else
			out += c;
	}
	return out;
}

std::string labels_of(const MetricSample &sample)
{
	if (sample.labels.empty())
		return "";
	std::vector<std::string> words;
	for (const auto &[name, value] : sample.labels)
		words.push_back(fmt::format("{}=\"{}\"", name, escaped(value)));
	return fmt::format("{{{}}}", fmt::join(words, ","));
}

} // namespace

std::string exposition(const std::vector<MetricFamily> &families)
{
	std::string out;
	for (const MetricFamily &family : families) {
		if (family.samples.empty())
			continue;
		out += fmt::format("# HELP {} {}\n", family.name, escaped(family.help));
		if (family.kind == MetricKind::gauge)
			out += fmt::format("# TYPE {} gauge\n", family.name);
		for (const MetricSample &sample : family.samples)
			out += fmt::format("{}{} {}\n", family.name, labels_of(sample),
					   sample.value);
	}
	return out + "# EOF\n";
}

} // namespace hugemem
