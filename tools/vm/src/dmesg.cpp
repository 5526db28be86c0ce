// SPDX-License-Identifier: GPL-2.0-only
#include "dmesg.hpp"

#include <algorithm>
#include <array>
#include <regex>

#include <fmt/format.h>

#include "files.hpp"

namespace hm::vm::dmesg
{
namespace
{

constexpr size_t shown_lines = 8;
/// A call trace this many lines after the head of a report is taken for that report's own.
constexpr size_t trace_within = 80;
constexpr const char *call_trace = "call trace";

struct Pattern {
	const char *kind;
	const char *regex;
};

/// Every way of the kernel to say that something is wrong, most specific first.
constexpr std::array patterns = {
	Pattern{"panic", "Kernel panic - not syncing"},
	Pattern{"KASAN", "BUG: KASAN:"},
	Pattern{"KFENCE", "BUG: KFENCE:"},
	Pattern{"KMSAN/KCSAN", "BUG: K[MC]SAN:"},
	Pattern{"UBSAN", "UBSAN:"},
	Pattern{"bad page", "BUG: Bad (page|rss-counter)"},
	Pattern{"soft lockup", "BUG: soft lockup|watchdog: BUG: soft lockup"},
	Pattern{"hard lockup", "hard LOCKUP"},
	Pattern{"sleeping in atomic", "BUG: (sleeping function called|scheduling while atomic)"},
	Pattern{"list corruption", "list_(add|del) corruption"},
	Pattern{"refcount", "refcount_t: "},
	Pattern{"lockdep",
		"possible (recursive locking|circular locking dependency|irq lock inversion|deadlock)|"
		"inconsistent lock state|bad unlock balance|held lock freed|"
		"lock held when returning to user space|DEBUG_LOCKS_WARN_ON|Invalid wait context|"
		"(SOFTIRQ|HARDIRQ|[A-Z_]+)-safe -> .*-unsafe lock order|BUG: MAX_LOCK|"
		"turning off the locking correctness validator"},
	Pattern{"RCU", "suspicious RCU usage|RCU used illegally"},
	Pattern{"RCU stall", "rcu: INFO: |rcu_[a-z]+ (self-)?detected stall|rcu_.*kthread starved"},
	Pattern{"hung task", "INFO: task .* blocked for more than"},
	Pattern{"ODEBUG", "ODEBUG: "},
	Pattern{"slab", "BUG [^ ]+ \\(.*\\): |Slab corruption|=+ BUG "},
	Pattern{"page poisoning", "pagealloc: (memory|single bit) (corruption|error)"},
	Pattern{"kmemleak", "kmemleak: [0-9]+ new suspected memory leaks|kmemleak: .*disabled"},
	Pattern{"kernel BUG", "kernel BUG at |invalid opcode: "},
	Pattern{"oops",
		"Oops: |BUG: unable to handle|BUG: kernel NULL pointer|general protection fault|"
		"Unable to handle kernel|double fault|stack segment: |stack guard page was hit|"
		"divide error: |Internal error: "},
	Pattern{"BUG", "BUG: |\\bBUG\\b.* at .*:[0-9]+"},
	Pattern{"WARNING", "WARNING: "},
	Pattern{"OOM", "invoked oom-killer|Out of memory: |System is deadlocked on memory"},
	Pattern{"allocation failure", "page allocation (failure|stalls)"},
	Pattern{call_trace, "^(\\[[ 0-9.]+\\] ?)?Call Trace:"},
};

struct Compiled {
	const char *kind;
	std::regex regex;
};

const std::vector<Compiled> &compiled()
{
	static const std::vector<Compiled> list = [] {
		std::vector<Compiled> made;
		made.reserve(patterns.size());
		for (const auto &[kind, regex] : patterns)
			made.push_back({kind, std::regex(regex, std::regex::optimize)});
		return made;
	}();
	return list;
}

std::vector<std::string> split_lines(std::string_view text)
{
	std::vector<std::string> lines;
	while (!text.empty()) {
		const size_t eol = std::min(text.find('\n'), text.size());
		std::string line(text.substr(0, eol));
		std::erase(line, '\r');
		lines.push_back(std::move(line));
		text.remove_prefix(std::min(eol + 1, text.size()));
	}
	return lines;
}

bool has(const std::string &line, const char *needle)
{
	return line.find(needle) != std::string::npos;
}

const char *kind_of(const std::string &line)
{
	for (const auto &[kind, regex] : compiled()) {
		if (std::regex_search(line, regex))
			return kind;
	}
	return nullptr;
}

} // namespace

Result<Allow> make_allow(const std::string &pattern, const std::string &reason,
			 const std::string &where)
{
	if (pattern.empty())
		return fail(Exit::usage,
			    fmt::format("{}: empty pattern would allow everything", where));
	if (reason.empty())
		return fail(Exit::usage, fmt::format("{}: \"{}\" has no reason", where, pattern),
			    "say why this line of the kernel log may be ignored");
	try {
		const std::regex valid(pattern);
		return Allow{pattern, reason};
	} catch (const std::regex_error &error) {
		return fail(Exit::usage, fmt::format("{}: \"{}\" is not a regular expression: {}",
						     where, pattern, error.what()));
	}
}

Result<std::vector<Allow>> read_allow_list(const std::filesystem::path &path)
{
	const auto text = read_file(path);
	if (!text)
		return tl::unexpected(text.error());
	std::vector<Allow> list;
	size_t number = 0;
	for (const std::string &line : split_lines(*text)) {
		++number;
		const size_t first = line.find_first_not_of(" \t");
		if (first == std::string::npos || line[first] == '#')
			continue;
		const size_t hash = line.find(" #");
		const auto strip = [](std::string part) {
			const size_t from = part.find_first_not_of(" \t#");
			if (from == std::string::npos)
				return std::string();
			return part.substr(from, part.find_last_not_of(" \t") - from + 1);
		};
		const std::string reason =
			hash == std::string::npos ? "" : strip(line.substr(hash));
		auto allow = make_allow(strip(line.substr(0, hash)), reason,
					fmt::format("{}:{}", path.string(), number));
		if (!allow)
			return tl::unexpected(allow.error());
		list.push_back(std::move(*allow));
	}
	return list;
}

std::vector<Splat> scan(std::string_view log, const std::vector<Allow> &allowed)
{
	const std::vector<std::string> lines = split_lines(log);
	std::vector<Splat> splats;
	std::vector<std::regex> holes;
	holes.reserve(allowed.size());
	for (const Allow &allow : allowed)
		holes.emplace_back(allow.pattern);
	bool open = false; // the lines belong to the report splats.back()
	for (size_t i = 0; i < lines.size(); ++i) {
		const char *kind = kind_of(lines[i]);
		const bool own_trace =
			kind == call_trace && open && i - splats.back().line < trace_within;
		if (kind && !own_trace) {
			// Also within another report: an allowed one must not hide what follows it.
			Splat splat{kind, i + 1, {}, {}};
			for (size_t hole = 0; hole < holes.size() && splat.allowed_because.empty();
			     ++hole) {
				if (std::regex_search(lines[i], holes[hole]))
					splat.allowed_because = allowed[hole].reason;
			}
			splats.push_back(std::move(splat));
			open = true;
		}
		if (open && splats.back().text.size() < shown_lines)
			splats.back().text.push_back(lines[i]);
		if (has(lines[i], "---[ end "))
			open = false;
	}
	return splats;
}

} // namespace hm::vm::dmesg
