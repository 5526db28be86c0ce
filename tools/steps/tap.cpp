// SPDX-License-Identifier: GPL-2.0-only
#include "tap.hpp"

#include <charconv>
#include <fmt/format.h>

namespace hm::steps
{
namespace
{

/// Takes a number off the front of a text.
std::optional<long> number(std::string_view &text)
{
	long value = 0;
	const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
	if (ec != std::errc{} || value < 0)
		return std::nullopt;
	text.remove_prefix(static_cast<std::size_t>(end - text.data()));
	return value;
}

std::string_view ltrim(std::string_view text)
{
	const auto first = text.find_first_not_of(' ');
	return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

bool starts_with_any_case(std::string_view text, std::string_view upper)
{
	if (text.size() < upper.size())
		return false;
	for (std::size_t i = 0; i < upper.size(); ++i)
		if ((text[i] & ~0x20) != upper[i])
			return false;
	return true;
}

/// What follows the last " # " of a result line, or of its beginning ("ok 1 # SKIP").
bool directive(std::string_view what, std::string_view upper)
{
	for (auto at = what.find('#'); at != std::string_view::npos; at = what.find('#', at + 1))
		if ((at == 0 || what[at - 1] == ' ') &&
		    starts_with_any_case(ltrim(what.substr(at + 1)), upper))
			return true;
	return false;
}

} // namespace

void Tap::line(std::string_view text)
{
	const auto body = ltrim(text);
	if (body.empty())
		return;
	// four blanks are TAP 14's indentation, two are KTAP's: only the order of depths matters
	const auto depth = (text.size() - body.size()) / 2;
	auto rest = body;

	if (body.starts_with("TAP version ") || body.starts_with("KTAP version ")) {
		version(depth);
	} else if (body.starts_with("1..")) {
		rest.remove_prefix(3);
		if (const auto promised = number(rest);
		    promised && (rest.empty() || rest[0] == ' '))
			plan(depth, *promised, directive(rest, "SKIP"));
	} else if (body.starts_with("Bail out!")) {
		any_ = true;
		++counts_.failed;
		failure(std::string{body});
	} else {
		const bool ok = !body.starts_with("not ");
		if (!ok)
			rest = ltrim(rest.substr(4));
		if (!rest.starts_with("ok") || (rest.size() > 2 && rest[2] != ' '))
			return;
		rest = ltrim(rest.substr(2));
		auto behind = rest;
		const auto nr = number(behind);
		if (nr && !behind.empty() && behind[0] != ' ')
			return;
		const bool open = depth < blocks_.size() && blocks_[depth].begun;
		if (nr || open)
			result(depth, ok, nr, nr ? behind : rest);
	}
}

void Tap::version(std::size_t depth)
{
	close_from(depth);
	blocks_.resize(depth + 1);
	blocks_[depth] = Block{};
	blocks_[depth].begun = true;
	any_ = true;
}

void Tap::plan(std::size_t depth, long promised, bool skip)
{
	close_from(depth + 1);
	if (blocks_.size() <= depth)
		blocks_.resize(depth + 1);
	if (blocks_[depth].plan) {
		close_block(depth);
		blocks_[depth] = Block{};
	}
	any_ = true;
	blocks_[depth].begun = true;
	blocks_[depth].plan = promised;
	if (promised == 0 && skip)
		++counts_.skipped;
}

void Tap::result(std::size_t depth, bool ok, std::optional<long> number, std::string_view what)
{
	// a result behind deeper ones is their parent's, and only they count
	const bool parent = blocks_.size() > depth + 1;
	bool below_failed = false;
	if (parent) {
		const auto before = counts_.failed;
		for (auto d = depth + 1; d < blocks_.size(); ++d)
			below_failed = below_failed || blocks_[d].failed;
		close_from(depth + 1);
		below_failed = below_failed || counts_.failed > before;
	}
	if (blocks_.size() <= depth)
		blocks_.resize(depth + 1);
	if (number && *number <= blocks_[depth].last) { // counting begins anew: another document
		close_block(depth);
		blocks_[depth] = Block{};
	}
	auto &block = blocks_[depth];
	any_ = true;
	++block.results;
	block.last = number.value_or(block.last + 1);

	const bool excused =
		directive(what, "SKIP") || directive(what, "TODO") || directive(what, "XFAIL");
	block.failed = block.failed || below_failed || (!ok && !excused);
	if (parent) {
		if (!ok && !excused && !below_failed) {
			++counts_.failed;
			failure(fmt::format("not ok{} (all below it passed)", what));
		}
		return;
	}
	if (excused) {
		++counts_.skipped;
	} else if (ok) {
		++counts_.passed;
	} else {
		++counts_.failed;
		failure(fmt::format("not ok {}{}", block.last, what));
	}
}

void Tap::close()
{
	close_from(0);
}

void Tap::close_from(std::size_t depth)
{
	for (auto d = blocks_.size(); d-- > depth;) {
		close_block(d);
		// the parent's own line may never come
		if (d > 0 && blocks_[d].failed)
			blocks_[d - 1].failed = true;
		blocks_.resize(d);
	}
}

void Tap::close_block(std::size_t depth)
{
	auto &block = blocks_[depth];
	if (!block.plan || *block.plan == block.results)
		return;
	block.failed = true;
	if (*block.plan > block.results) {
		counts_.failed += *block.plan - block.results;
		failure(fmt::format("{} tests promised, {} told of", *block.plan, block.results));
	} else {
		++counts_.failed;
		failure(fmt::format("only {} tests promised, {} told of", *block.plan,
				    block.results));
	}
}

void Tap::failure(std::string what)
{
	if (failures_.size() < LogCounts::max_failures)
		failures_.push_back(std::move(what));
}

} // namespace hm::steps
