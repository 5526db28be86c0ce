// SPDX-License-Identifier: GPL-2.0-only
#include "picture.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "pools.hpp"

namespace hugemem
{
namespace
{

constexpr std::size_t most_columns = 8;

/// Line drawing for a terminal that has it, and for one that has not.
struct Glyphs {
	const char *horizontal, *vertical;
	const char *top_left, *top_mid, *top_right;
	const char *bottom_left, *bottom_mid, *bottom_right;
	const char *to;
};
constexpr Glyphs lines_utf8 = {"─", "│", "┌", "┬", "┐", "└", "┴", "┘", "–"};
constexpr Glyphs lines_ascii = {"-", "|", "+", "+", "+", "+", "+", "+", "-"};

/// One column of the picture; text is ASCII, so width is its length.
struct Column {
	std::string title, frame, rights, whose;
	bool shared = false;
	bool bad = false;
};

std::string centred(std::string_view text, std::size_t width)
{
	return fmt::format("{:^{}}", text, width);
}

Column column_of(const BoxRun &run, const Seen &page, bool more)
{
	const Judgement &j = page.judgement;
	Column c;
	c.title = run.first == run.last ? fmt::format("{}", run.first)
					: fmt::format("{}-{}", run.first, run.last);
	if (more) {
		c.title = "...";
		c.frame = c.rights = c.whose = "...";
		return c;
	}
	if (!run.mapping.present) {
		c.frame = "-";
		c.rights = "--";
		c.whose = "absent";
		c.bad = true;
		return c;
	}
	c.frame = fmt::format("{:x}{}", run.mapping.pfn, run.one_frame ? "" : "+");
	c.rights = run.mapping.writable ? "RW" : "RO";
	const bool on_shared = j.shared_pfn && run.mapping.pfn == *j.shared_pfn && run.one_frame;
	if (run.mapping.level > 1)
		c.whose = run.mapping.level == 2 ? "2M leaf" : "1G leaf";
	else if (!on_shared)
		c.whose = "own";
	else if (j.layout == Layout::first_page)
		c.whose = run.first ? "page 0's" : "own";
	else if (j.layout == Layout::second_page)
		c.whose = run.first > 1 ? "page 1's" : "own";
	else
		c.whose = "shared";
	c.shared = c.whose != "own" && run.mapping.level == 1;
	c.bad = c.shared && run.mapping.writable;
	return c;
}

std::string rule(const Glyphs &g, std::size_t columns, std::size_t width, const char *left,
		 const char *mid, const char *right)
{
	std::string out = left;
	for (std::size_t i = 0; i < columns; i++) {
		for (std::size_t k = 0; k < width; k++)
			out += g.horizontal;
		out += i + 1 < columns ? mid : right;
	}
	return out;
}

std::string verdict_text(const Judgement &j, const Style &style)
{
	std::string word(name_of(j.verdict));
	std::transform(word.begin(), word.end(), word.begin(),
		       [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
	switch (j.verdict) {
	case Verdict::proved:
		return style.good(word);
	case Verdict::wrong:
		return style.bad(word);
	case Verdict::not_optimised:
	case Verdict::split_only:
	case Verdict::hosted:
		break;
	}
	return style.bold(word);
}

} // namespace

std::vector<BoxRun> runs_of(const std::vector<Mapping> &boxes)
{
	std::vector<BoxRun> runs;
	for (std::uint64_t i = 0; i < boxes.size(); i++) {
		const Mapping &m = boxes[i];
		if (!runs.empty()) {
			BoxRun &r = runs.back();
			const std::uint64_t length = i - r.first;
			const bool alike = m.present == r.mapping.present &&
					   m.writable == r.mapping.writable &&
					   m.level == r.mapping.level;
			if (alike && m.pfn == r.mapping.pfn && (length == 1 || r.one_frame)) {
				r.last = i;
				r.one_frame = true;
				continue;
			}
			if (alike && m.present && m.pfn == r.mapping.pfn + length &&
			    (length == 1 || !r.one_frame)) {
				r.last = i;
				r.one_frame = false;
				continue;
			}
		}
		runs.push_back({.first = i, .last = i, .mapping = m, .one_frame = true});
	}
	return runs;
}

std::string picture(const Seen &page, const Caption &caption, const Style &style)
{
	const Judgement &j = page.judgement;
	std::string out = style.bold(fmt::format("huge page at PFN {:#x}", page.pfn)) +
			  fmt::format(", {}", size_name(page.kib()));
	if (caption.node >= 0)
		out += fmt::format(", node {}", caption.node);
	out += ": " + verdict_text(j, style) + '\n';
	out += fmt::format("its {} struct pages at {:#x} fill {} pages of vmemmap,\n", page.frames,
			   caption.page_address, page.boxes.size());
	out += j.reason.empty() ? fmt::format("{}\n", describe(j.layout))
				: style.bad(fmt::format("{}\n", j.reason));
	if (j.verdict == Verdict::hosted)
		out += "which lies in the hot-added memory itself, and stays so\n";

	// Up to eight pages are shown one by one, more as runs.
	std::vector<BoxRun> runs;
	if (page.boxes.size() <= most_columns)
		for (std::uint64_t i = 0; i < page.boxes.size(); i++)
			runs.push_back({.first = i,
					.last = i,
					.mapping = page.boxes[i],
					.one_frame = true});
	else
		runs = runs_of(page.boxes);
	const std::size_t shown = std::min(runs.size(), most_columns);
	std::vector<Column> columns;
	for (std::size_t i = 0; i < shown; i++)
		columns.push_back(column_of(runs[i], page, i + 1 == shown && runs.size() > shown));

	std::size_t width = 8;
	for (const Column &c : columns)
		width = std::max({width, c.title.size() + 2, c.frame.size() + 1, c.whose.size()});

	const Glyphs &g = style.utf8 ? lines_utf8 : lines_ascii;
	const auto row = [&](std::string_view label, std::string Column::*field, bool boxed) {
		out += style.dim(fmt::format("{:>6} ", label));
		out += boxed ? g.vertical : " ";
		for (const Column &c : columns) {
			const std::string cell = centred(c.*field, width);
			if (c.bad)
				out += style.bad(cell);
			else
				out += c.shared && boxed ? style.paint("36", cell) : cell;
			out += boxed ? g.vertical : " ";
		}
		while (out.back() == ' ')
			out.pop_back();
		out += '\n';
	};
	const std::string indent(7, ' ');
	row("page", &Column::title, false);
	out += indent + rule(g, columns.size(), width, g.top_left, g.top_mid, g.top_right) + '\n';
	row("frame", &Column::frame, true);
	row("access", &Column::rights, true);
	row("whose", &Column::whose, true);
	out += indent +
	       rule(g, columns.size(), width, g.bottom_left, g.bottom_mid, g.bottom_right) + '\n';

	if (j.shared_pfn && j.layout == Layout::one_for_all && caption.sharers)
		out += fmt::format("{}frame {:x} serves the tails of {} huge page{}\n", indent,
				   *j.shared_pfn, caption.sharers, caption.sharers == 1 ? "" : "s");
	if (j.saved)
		out += fmt::format("{}saves {} of {} frames: {} KiB of {} used\n", indent, j.saved,
				   page.boxes.size(), page.kib() - j.saved * 4,
				   size_name(page.kib()));
	return out;
}

} // namespace hugemem
