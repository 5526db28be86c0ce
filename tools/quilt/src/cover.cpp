// SPDX-License-Identifier: GPL-2.0-only
#include "cover.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "message_id.hpp"
#include "text.hpp"

namespace hm
{

namespace
{

constexpr std::size_t max_line = 75;
constexpr std::string_view envelope =
	"From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n";
constexpr std::string_view author = "hugemem <hugemem@localhost>";

/// Readers of a mailbox disagree about a line `From ` within a mail: git takes it as it is, others
/// for the next mail, and few undo the quoting of mboxrd. No such line, no question.
bool needs_encoding(std::string_view body)
{
	const auto lines = lines_of(body);
	return std::any_of(lines.begin(), lines.end(),
			   [](auto line) { return line.starts_with("From "); });
}

/// One line in quoted-printable (RFC 2045), broken softly before column 76.
std::string quoted_printable(std::string_view line)
{
	constexpr std::size_t width = 75;
	std::string out;
	std::size_t column = 0;
	const bool from = line.starts_with("From ");
	for (std::size_t i = 0; i < line.size(); i++) {
		const auto c = static_cast<unsigned char>(line[i]);
		const bool at_end = i + 1 == line.size();
		const bool blank = c == ' ' || c == '\t';
		const bool plain = (c > 32 && c < 127 && c != '=') || (blank && !at_end);
		const auto token = plain && !(from && i == 0) ? std::string(1, line[i])
							      : fmt::format("={:02X}", c);
		if (column + token.size() > width) {
			out += "=\n";
			column = 0;
		}
		out += token;
		column += token.size();
	}
	return out + "\n";
}

/// Header lines that say how the body is encoded, the empty line, and the body.
std::string encoded(std::string_view body)
{
	std::string out;
	if (!needs_encoding(body))
		return fmt::format("Content-Transfer-Encoding: 8bit\n\n{}", body);
	out = "Content-Transfer-Encoding: quoted-printable\n\n";
	for (const auto line : lines_of(body))
		out += quoted_printable(line);
	return out;
}

/// The patch file without its envelope and header, that is from the first empty line on.
std::string_view message_of(std::string_view raw)
{
	return raw.substr(std::min(raw.size(), raw.find("\n\n") + 2));
}

/// Number and subject of each patch, one a line.
std::string overview(const Series &series)
{
	std::string text;
	for (const auto &patch : series.patches)
		text += fmt::format("  {}  {}\n", patch.name.substr(0, 4), patch.subject());
	return text;
}

} // namespace

Result<Cover> parse_cover(std::string_view text)
{
	constexpr std::string_view field = "Subject: ";
	const auto lines = lines_of(text);
	if (lines.size() < 3 || !lines[0].starts_with(field) || !lines[1].empty())
		return fail(
			Exit::mismatch,
			"the cover letter does not begin with 'Subject: ...' and an empty line");
	Cover cover;
	cover.subject = trim(lines[0].substr(field.size()));
	if (cover.subject.empty() || cover.subject.size() > max_line)
		return fail(
			Exit::mismatch,
			fmt::format(
				"the cover letter's subject has {} characters, 1 to {} are allowed",
				cover.subject.size(), max_line));
	for (std::size_t i = 2; i < lines.size(); i++) {
		const bool free = lines[i].starts_with(' ') || lines[i].starts_with('\t') ||
				  lines[i].find("://") != std::string_view::npos;
		if (!free && lines[i].size() > max_line)
			return fail(Exit::mismatch,
				    fmt::format("cover-letter:{}: {} characters, {} are allowed",
						i + 1, lines[i].size(), max_line));
		cover.body += fmt::format("{}\n", lines[i]);
	}
	return cover;
}

Result<std::string> make_mbox(const Series &series, const Cover &cover, std::string_view base,
			      std::string_view tag)
{
	if (series.patches.empty())
		return fail(Exit::mismatch, "the series is empty", "tools/quilt/export fills it");
	const auto count = series.patches.size();
	const auto width = std::max<std::size_t>(2, fmt::formatted_size("{}", count));

	// The date of the last patch: nothing in the mailbox depends on when it was made.
	constexpr std::string_view mime =
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n";
	const auto head = fmt::format("From: {}\nDate: {}\nSubject: [PATCH {} {:0{}}/{}] {}\n{}",
				      author, series.patches.back().header("Date").value_or(""),
				      base, 0, width, count, cover.subject, mime);
	const auto letter =
		fmt::format("{}\nApplies to {}.\n\n{}", cover.body, tag, overview(series));
	std::string ids;
	for (const auto &patch : series.patches)
		ids += patch.header("Message-Id").value_or("");
	const auto root = message_id(base, "0000-cover", head + "\n" + letter + ids);

	std::string box =
		fmt::format("{}{}Message-Id: {}\n{}\n", envelope, head, root, encoded(letter));
	for (std::size_t i = 0; i < count; i++) {
		const auto &patch = series.patches[i];
		box += fmt::format("{}From: {}\nDate: {}\nSubject: [PATCH {} {:0{}}/{}] {}\n{}",
				   envelope, patch.header("From").value_or(""),
				   patch.header("Date").value_or(""), base, i + 1, width, count,
				   patch.subject(), mime);
		box += fmt::format("Message-Id: {}\nIn-Reply-To: {}\nReferences: {}\n{}\n",
				   patch.header("Message-Id").value_or(""), root, root,
				   encoded(message_of(series.raw[i])));
	}
	return box;
}

} // namespace hm
