// SPDX-License-Identifier: GPL-2.0-only
#include "patch.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

#include "text.hpp"

namespace hm
{

namespace
{

bool same_ignoring_case(std::string_view a, std::string_view b)
{
	return std::equal(a.begin(), a.end(), b.begin(), b.end(),
			  [](unsigned char x, unsigned char y) {
				  return std::tolower(x) == std::tolower(y);
			  });
}

/// Splits `Token: value`; the token has letters, digits and '-' only.
std::optional<std::pair<std::string, std::string>> token_value(std::string_view line)
{
	const auto colon = line.find(':');
	if (colon == 0 || colon == std::string_view::npos)
		return std::nullopt;
	const auto token = line.substr(0, colon);
	const bool plain = std::all_of(token.begin(), token.end(), [](unsigned char c) {
		return std::isalnum(c) != 0 || c == '-';
	});
	if (!plain)
		return std::nullopt;
	return std::pair{std::string(token), std::string(trim(line.substr(colon + 1)))};
}

/// Consumes a decimal number at the start of @p text.
std::optional<std::size_t> take_number(std::string_view &text)
{
	std::size_t value = 0;
	const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
	if (ec != std::errc{})
		return std::nullopt;
	text.remove_prefix(static_cast<std::size_t>(end - text.data()));
	return value;
}

/// Consumes `start[,count]`; a missing count is 1.
bool take_range(std::string_view &text, std::size_t &start, std::size_t &count)
{
	const auto first = take_number(text);
	if (!first)
		return false;
	start = *first;
	count = 1;
	if (text.starts_with(',')) {
		text.remove_prefix(1);
		const auto second = take_number(text);
		if (!second)
			return false;
		count = *second;
	}
	return true;
}

/// Walks over the lines of one patch file.
class Parser
{
public:
	Parser(std::string name, std::string_view text) : lines_(lines_of(text))
	{
		patch_.name = std::move(name);
	}

	Result<Patch> run()
	{
		if (auto done = parse_headers(); !done)
			return tl::unexpected(done.error());
		parse_message();
		while (at_ < lines_.size()) {
			if (auto done = parse_file(); !done)
				return tl::unexpected(done.error());
		}
		return std::move(patch_);
	}

private:
	tl::unexpected<Error> malformed(std::string_view what) const
	{
		return fail(Exit::mismatch, fmt::format("{}:{}: {}", patch_.name, at_ + 1, what),
			    "export the patch again with tools/quilt/export; patches are never "
			    "edited by hand");
	}

	Result<void> parse_headers()
	{
		if (!lines_.empty() && lines_[0].starts_with("From "))
			patch_.envelope = lines_[at_++];
		for (; at_ < lines_.size() && !lines_[at_].empty(); at_++) {
			const auto line = lines_[at_];
			if ((line[0] == ' ' || line[0] == '\t') && !patch_.headers.empty()) {
				patch_.headers.back().second += fmt::format(" {}", trim(line));
				continue;
			}
			auto header = token_value(line);
			if (!header)
				return malformed("not a mail header");
			patch_.headers.push_back(std::move(*header));
		}
		if (at_ == lines_.size())
			return malformed("the mail header does not end");
		at_++;
		return {};
	}

	void parse_message()
	{
		auto *into = &patch_.body;
		for (; at_ < lines_.size() && !lines_[at_].starts_with("diff --git "); at_++) {
			if (!patch_.separator && lines_[at_] == "---") {
				patch_.separator = true;
				into = &patch_.diffstat;
			} else {
				into->emplace_back(lines_[at_]);
			}
		}
		while (!patch_.body.empty() && patch_.body.back().empty())
			patch_.body.pop_back();
	}

	/// `diff --git a/X b/X`: the line is symmetric, which tells X even with blanks in it.
	void take_path(FileDiff &file, std::string_view line)
	{
		line.remove_prefix(std::string_view("diff --git ").size());
		const auto half = line.size() / 2;
		const auto left = line.substr(0, half);
		const auto right = line.size() > half ? line.substr(half + 1) : std::string_view{};
		if (left.starts_with("a/") && right.starts_with("b/") &&
		    left.substr(2) == right.substr(2)) {
			file.path = left.substr(2);
		} else {
			file.path = line;
			file.renamed = true;
		}
	}

	Result<void> parse_file()
	{
		FileDiff file;
		file.line = at_ + 1;
		take_path(file, lines_[at_++]);
		for (; at_ < lines_.size(); at_++) {
			const auto line = lines_[at_];
			if (line.starts_with("diff --git "))
				break;
			if (line.starts_with("@@ ")) {
				if (auto done = parse_hunk(file); !done)
					return done;
				continue;
			}
			if (!take_extended(file, line) && !line.empty())
				return malformed("unexpected line in a diff");
		}
		patch_.files.push_back(std::move(file));
		return {};
	}

	static bool take_extended(FileDiff &file, std::string_view line)
	{
		constexpr std::string_view created = "new file mode ";
		constexpr std::string_view index = "index ";
		if (line.starts_with(created)) {
			file.created = true;
			file.mode = line.substr(created.size());
		} else if (line.starts_with("deleted file mode ")) {
			file.deleted = true;
		} else if (line.starts_with("rename ") || line.starts_with("copy ") ||
			   line.starts_with("similarity ")) {
			file.renamed = true;
		} else if (line.starts_with("Binary files ") ||
			   line.starts_with("GIT binary patch")) {
			file.binary = true;
		} else if (line.starts_with(index)) {
			const auto ids = words_of(line.substr(index.size()), ". ");
			if (ids.size() >= 2) {
				file.old_index = ids[0];
				file.new_index = ids[1];
			}
		} else if (!line.starts_with("--- ") && !line.starts_with("+++ ") &&
			   !line.starts_with("old mode ") && !line.starts_with("new mode ") &&
			   !line.starts_with("dissimilarity ")) {
			// The lines of a binary patch are free text.
			return file.binary;
		}
		return true;
	}

	Result<void> parse_hunk(FileDiff &file)
	{
		Hunk hunk;
		hunk.line = at_ + 1;
		auto text = lines_[at_].substr(2);
		const auto skip = [&text](std::string_view token) {
			if (!text.starts_with(token))
				return false;
			text.remove_prefix(token.size());
			return true;
		};
		if (!skip(" -") || !take_range(text, hunk.old_start, hunk.old_count) ||
		    !skip(" +") || !take_range(text, hunk.new_start, hunk.new_count) ||
		    !skip(" @@"))
			return malformed("malformed hunk header");
		std::size_t old_left = hunk.old_count;
		std::size_t new_left = hunk.new_count;
		while (old_left + new_left > 0) {
			if (++at_ == lines_.size())
				return malformed("the hunk ends early");
			const auto line = lines_[at_];
			const char kind = line.empty() ? '\0' : line[0];
			const bool in_old = kind == ' ' || kind == '-';
			const bool in_new = kind == ' ' || kind == '+';
			if ((!in_old && !in_new && kind != '\\') || (in_old && old_left == 0) ||
			    (in_new && new_left == 0))
				return malformed("the line counts of the hunk do not add up");
			old_left -= in_old ? 1 : 0;
			new_left -= in_new ? 1 : 0;
			hunk.lines.emplace_back(line);
		}
		if (at_ + 1 < lines_.size() && lines_[at_ + 1].starts_with('\\'))
			hunk.lines.emplace_back(lines_[++at_]);
		file.hunks.push_back(std::move(hunk));
		return {};
	}

	std::vector<std::string_view> lines_;
	std::size_t at_ = 0;
	Patch patch_;
};

} // namespace

std::size_t Hunk::leading_context() const
{
	const auto first =
		std::find_if(lines.begin(), lines.end(), [](const auto &l) { return l[0] != ' '; });
	return static_cast<std::size_t>(first - lines.begin());
}

std::size_t Hunk::trailing_context() const
{
	const auto last = std::find_if(lines.rbegin(), lines.rend(),
				       [](const auto &l) { return l[0] == '+' || l[0] == '-'; });
	return static_cast<std::size_t>(
		std::count_if(lines.rbegin(), last, [](const auto &l) { return l[0] == ' '; }));
}

std::optional<std::string> Patch::header(std::string_view wanted) const
{
	for (const auto &[token, value] : headers)
		if (same_ignoring_case(token, wanted))
			return value;
	return std::nullopt;
}

std::string Patch::subject() const
{
	std::string text = header("Subject").value_or("");
	if (text.starts_with('[')) {
		const auto end = text.find(']');
		if (end != std::string::npos)
			text = trim(std::string_view(text).substr(end + 1));
	}
	return text;
}

std::vector<std::pair<std::string, std::string>> Patch::trailers() const
{
	std::vector<std::pair<std::string, std::string>> found;
	auto line = body.end();
	while (line != body.begin() && !(line - 1)->empty())
		--line;
	for (; line != body.end(); ++line)
		if (auto trailer = token_value(*line))
			found.push_back(std::move(*trailer));
	return found;
}

Result<Patch> parse_patch(std::string name, std::string_view text)
{
	return Parser(std::move(name), text).run();
}

} // namespace hm
