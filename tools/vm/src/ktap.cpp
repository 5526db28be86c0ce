// SPDX-License-Identifier: GPL-2.0-only
#include "ktap.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace hm::vm::ktap
{
namespace
{

/// One nesting level while parsing.
struct Level {
	size_t depth = 0;
	std::optional<long> plan;
	std::string plan_reason; ///< of "1..0 # SKIP why"
	std::vector<Test> tests;
};

bool starts_with(std::string_view text, std::string_view prefix)
{
	return text.substr(0, prefix.size()) == prefix;
}

std::string_view trim(std::string_view text)
{
	const auto first = text.find_first_not_of(" \t");
	if (first == std::string_view::npos)
		return {};
	const auto last = text.find_last_not_of(" \t");
	return text.substr(first, last - first + 1);
}

/// Takes a decimal number off the front of `text`.
std::optional<long> take_number(std::string_view &text)
{
	long value = 0;
	const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
	if (ec != std::errc{} || value < 0)
		return std::nullopt;
	text.remove_prefix(static_cast<size_t>(end - text.data()));
	return value;
}

bool equal_nocase(std::string_view a, std::string_view b)
{
	return a.size() == b.size() &&
	       std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
		       return std::tolower(x) == std::tolower(y);
	       });
}

/// The directive after the last '#' of a result line, if there is one that we know.
struct Directive {
	enum class Kind { none, skip, expected_failure } kind = Kind::none;
	std::string reason;
	size_t at = std::string_view::npos; ///< where the '#' is
};

Directive find_directive(std::string_view rest)
{
	for (size_t hash = rest.find('#'); hash != std::string_view::npos;
	     hash = rest.find('#', hash + 1)) {
		const std::string_view after = trim(rest.substr(hash + 1));
		const std::string_view word = after.substr(0, after.find_first_of(" \t:"));
		const std::string_view reason = trim(after.substr(word.size()));
		if (equal_nocase(word, "SKIP") || equal_nocase(word, "SKIPPED"))
			return {Directive::Kind::skip, std::string(reason), hash};
		if (equal_nocase(word, "TODO") || equal_nocase(word, "XFAIL"))
			return {Directive::Kind::expected_failure, std::string(reason), hash};
	}
	return {};
}

std::optional<Test> parse_result(std::string_view line)
{
	Test test;
	if (starts_with(line, "not ok")) {
		test.outcome = Outcome::not_ok;
		line.remove_prefix(6);
	} else if (starts_with(line, "ok")) {
		line.remove_prefix(2);
	} else {
		return std::nullopt;
	}
	if (!line.empty() && line.front() != ' ' && line.front() != '\t')
		return std::nullopt; // "okay, ..." is not a result
	line = trim(line);
	if (const auto number = take_number(line))
		test.number = *number;
	const Directive directive = find_directive(line);
	std::string_view name = trim(line.substr(0, directive.at));
	if (starts_with(name, "- "))
		name = trim(name.substr(2));
	test.name = name;
	test.reason = directive.reason;
	if (directive.kind == Directive::Kind::skip)
		test.outcome = Outcome::skip;
	else if (directive.kind == Directive::Kind::expected_failure)
		test.expected_failure = true;
	return test;
}

/// "1..N" with an optional "# SKIP why".
std::optional<std::pair<long, std::string>> parse_plan(std::string_view line)
{
	if (!starts_with(line, "1.."))
		return std::nullopt;
	line.remove_prefix(3);
	const auto number = take_number(line);
	line = trim(line);
	if (!number || (!line.empty() && line.front() != '#'))
		return std::nullopt;
	return std::pair{*number, find_directive(line).reason};
}

bool is_version(std::string_view line)
{
	return starts_with(line, "KTAP version ") || starts_with(line, "TAP version ");
}

class Parser
{
public:
	Report finish(std::string_view text)
	{
		levels_.push_back({});
		while (!text.empty()) {
			const size_t eol = std::min(text.find('\n'), text.size());
			take_line(text.substr(0, eol));
			text.remove_prefix(std::min(eol + 1, text.size()));
		}
		while (levels_.size() > 1)
			close_orphan();
		Level top = std::move(levels_.front());
		check(top, "the run");
		if (!top.plan)
			report_.problems.emplace_back(
				"no plan (\"1..N\") on the results port: the test program did not say how many "
				"tests to expect, or died before it could");
		report_.plan = top.plan;
		report_.tests = std::move(top.tests);
		return std::move(report_);
	}

private:
	void take_line(std::string_view line)
	{
		std::string clean(line);
		clean.erase(std::remove(clean.begin(), clean.end(), '\r'), clean.end());
		size_t depth = 0;
		std::string_view rest = clean;
		// Both ways of nesting count as depth: "# " as kselftest's runner prefixes, and
		// blanks.
		for (;;) {
			if (starts_with(rest, "# ")) {
				depth += 2;
				rest.remove_prefix(2);
			} else if (starts_with(rest, " ")) {
				++depth;
				rest.remove_prefix(1);
			} else {
				break;
			}
		}
		if (is_version(rest)) {
			if (depth == 0)
				report_.version_seen = true;
			else
				level_at(depth);
		} else if (starts_with(rest, "Bail out!")) {
			if (!report_.bail_out)
				report_.bail_out = std::string(trim(rest.substr(9)));
		} else if (auto plan = parse_plan(rest)) {
			Level &level = level_at(depth);
			if (level.plan)
				report_.problems.push_back(
					fmt::format("a second plan: \"{}\"", rest));
			level.plan = plan->first;
			level.plan_reason = plan->second;
		} else if (starts_with(rest, "RUN ")) {
			// kselftest_harness.h: "#  RUN           fixture.variant.test ..."
			rest = trim(rest.substr(4));
			running_ = rest.substr(0, rest.find(' '));
		} else if (auto test = parse_result(rest)) {
			if (test->name.empty() && !running_.empty())
				test->name = running_;
			else if (test->name.empty())
				test->name = test->number ? fmt::format("test {}", test->number)
							  : "unnamed";
			running_.clear();
			add(depth, std::move(*test));
		}
	}

	/// The level of this depth; deeper ones that are still open have lost their parent line.
	Level &level_at(size_t depth)
	{
		while (levels_.back().depth > depth)
			close_orphan();
		if (levels_.back().depth < depth) {
			levels_.push_back({});
			levels_.back().depth = depth;
		}
		return levels_.back();
	}

	void add(size_t depth, Test test)
	{
		// Levels nested deeper than this line are its children; they close with it.
		std::vector<Level> closed;
		while (levels_.back().depth > depth) {
			closed.push_back(std::move(levels_.back()));
			levels_.pop_back();
		}
		for (auto it = closed.rbegin(); it != closed.rend(); ++it) {
			check(*it, test.name);
			if (it->plan == 0 && test.outcome == Outcome::ok && it->tests.empty()) {
				test.outcome = Outcome::skip;
				test.reason = it->plan_reason;
			}
			std::move(it->tests.begin(), it->tests.end(),
				  std::back_inserter(test.children));
		}
		Level &level = level_at(depth);
		const long expected = static_cast<long>(level.tests.size()) + 1;
		if (test.number != 0 && test.number != expected)
			report_.problems.push_back(
				fmt::format("result {} \"{}\" comes as number {}: results lost?",
					    test.number, test.name, expected));
		level.tests.push_back(std::move(test));
	}

	/// A nested level whose parent result never came: its results still count, and it is said.
	void close_orphan()
	{
		Level level = std::move(levels_.back());
		levels_.pop_back();
		check(level, "a nested test");
		if (level.tests.empty() && !level.plan)
			return;
		report_.problems.push_back(fmt::format(
			"{} nested results without the result line of their test: it died?",
			level.tests.size()));
		Test parent;
		parent.name = "unfinished";
		parent.outcome = Outcome::not_ok;
		parent.children = std::move(level.tests);
		levels_.back().tests.push_back(std::move(parent));
	}

	void check(const Level &level, std::string_view whose)
	{
		const auto have = static_cast<long>(level.tests.size());
		if (level.plan && *level.plan != have)
			report_.problems.push_back(fmt::format("{}: planned {} tests, saw {}",
							       whose, *level.plan, have));
	}

	Report report_;
	std::vector<Level> levels_;
	std::string running_; ///< the test that said it begins, until its result
};

void collect(const std::vector<Test> &tests, const std::string &prefix, std::vector<Leaf> &out)
{
	for (const Test &test : tests) {
		const std::string name = prefix.empty() ? test.name : prefix + "/" + test.name;
		const size_t before = out.size();
		collect(test.children, name, out);
		const bool child_failed = std::any_of(
			out.begin() + static_cast<std::ptrdiff_t>(before), out.end(),
			[](const Leaf &leaf) {
				return leaf.outcome == Outcome::not_ok && !leaf.expected_failure;
			});
		const bool own_failure = test.outcome == Outcome::not_ok && !child_failed;
		if (test.children.empty() || own_failure)
			out.push_back({name, test.outcome, test.reason, test.expected_failure});
	}
}

} // namespace

Report parse(std::string_view text)
{
	return Parser().finish(text);
}

std::vector<Leaf> leaves(const std::vector<Test> &tests)
{
	std::vector<Leaf> out;
	collect(tests, "", out);
	return out;
}

Counts count(const std::vector<Test> &tests)
{
	Counts counts;
	for (const Leaf &leaf : leaves(tests)) {
		if (leaf.outcome == Outcome::skip)
			++counts.skipped;
		else if (leaf.outcome == Outcome::ok || leaf.expected_failure)
			++counts.ok;
		else
			++counts.failed;
	}
	return counts;
}

} // namespace hm::vm::ktap
