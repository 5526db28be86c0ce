// SPDX-License-Identifier: GPL-2.0-only
#include "bpftrace_text.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace hugemem
{
namespace
{

/// "kprobe:a, kprobe:b"
std::string probes(std::string_view kind, const std::vector<std::string> &symbols)
{
	std::vector<std::string> words;
	words.reserve(symbols.size());
	for (const std::string &symbol : symbols)
		words.push_back(fmt::format("{}:{}", kind, symbol));
	return fmt::format("{}", fmt::join(words, ", "));
}

/// A string as bpftrace's language writes it.
std::string literal(std::string_view text)
{
	std::string out = "\"";
	for (const char c : text) {
		if (c == '"' || c == '\\')
			out += '\\';
		out += c;
	}
	return out + '"';
}

std::string success(const TracedEvent &e)
{
	if (e.ret == HM_RET_VOID)
		return {};
	std::string value = "retval";
	if (e.ret_bytes < 8)
		value = fmt::format("(retval & {:#x})", (1ULL << (8 * e.ret_bytes)) - 1);
	return fmt::format("{} {} 0", value, e.ret == HM_RET_ZERO ? "==" : "!=");
}

std::string event_text(const TracedEvent &e, const BpftraceRequest &r)
{
	std::vector<std::string> filter;
	if (r.pid)
		filter.push_back(fmt::format("pid == {}", r.pid));
	if (!r.cgroup.empty())
		filter.push_back(fmt::format("cgroup == cgroupid({})", literal(r.cgroup)));
	// Where several functions are followed, only the outermost of nested calls begins one.
	if (e.symbols.size() > 1)
		filter.push_back(fmt::format("!@{}_start[tid]", e.name));

	std::string took = fmt::format("nsecs - @{}_start[tid]", e.name);
	if (r.unit_ns > 1)
		took = fmt::format("({}) / {}", took, r.unit_ns);
	std::string count = fmt::format("@{}_{} = hist({});", e.name, r.unit, took);
	if (const std::string good = success(e); !good.empty())
		count = fmt::format("if ({}) {{ {} }}", good, count);

	std::string out = probes("kprobe", e.symbols);
	if (!filter.empty())
		out += fmt::format(" /{}/", fmt::join(filter, " && "));
	out += fmt::format(" {{ @{}_start[tid] = nsecs; }} ", e.name);
	out += probes("kretprobe", e.symbols);
	out += fmt::format(" /@{0}_start[tid]/ {{ {1} delete(@{0}_start[tid]); }} ", e.name, count);
	return out;
}

std::uint64_t in_ms(double seconds)
{
	return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(seconds * 1000)));
}

} // namespace

std::string shell_quoted(std::string_view text)
{
	std::string out = "'";
	for (const char c : text) {
		if (c == '\'')
			out += "'\\''";
		else
			out += c;
	}
	return out + '\'';
}

std::string bpftrace_command(const BpftraceRequest &r)
{
	std::string program;
	for (const TracedEvent &e : r.events)
		program += event_text(e, r);
	if (r.interval > 0) {
		program += fmt::format("interval:ms:{} {{ ", in_ms(r.interval));
		for (const TracedEvent &e : r.events)
			program +=
				fmt::format("print(@{0}_{1}); clear(@{0}_{1}); ", e.name, r.unit);
		program += "} ";
	}
	if (r.duration > 0)
		program += fmt::format("interval:ms:{} {{ exit(); }} ", in_ms(r.duration));
	// What is under way at the end is no histogram.
	program += "END { ";
	for (const TracedEvent &e : r.events)
		program += fmt::format("clear(@{}_start); ", e.name);
	program += "}";
	return "bpftrace -e " + shell_quoted(program);
}

} // namespace hugemem
