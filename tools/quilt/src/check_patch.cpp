// SPDX-License-Identifier: GPL-2.0-only
#include "check.hpp"

#include <algorithm>
#include <regex>

#include <fmt/format.h>

#include "message_id.hpp"

namespace hm
{

namespace
{

/// Limits of the kernel's submitting-patches document, in characters.
constexpr std::size_t max_subject = 75;
constexpr std::size_t max_body_line = 75;
/// Lines of context that git and quilt expect around a change.
constexpr std::size_t context = 3;

/// Collects what is wrong with one patch.
class PatchCheck
{
public:
	PatchCheck(const Patch &patch, std::string_view raw, std::string_view base)
		: patch_(patch), raw_(raw), base_(base)
	{
	}

	Findings run()
	{
		header();
		subject();
		body();
		trailers();
		stat();
		for (const auto &file : patch_.files)
			diff(file);
		if (patch_.files.empty())
			complain("changes no file");
		return std::move(found_);
	}

private:
	void complain(std::string what, std::size_t line = 0)
	{
		found_.push_back({line == 0 ? patch_.name : fmt::format("{}:{}", patch_.name, line),
				  std::move(what)});
	}

	void header()
	{
		static const std::string envelope =
			std::string("From ") + std::string(40, '0') + " Mon Sep 17 00:00:00 2001";
		if (patch_.envelope != envelope)
			complain("does not begin with the zeroed commit line of git format-patch "
				 "--zero-commit");
		if (patch_.header("From") != "hugemem <hugemem@localhost>")
			complain(fmt::format("From is '{}', not hugemem <hugemem@localhost>",
					     patch_.header("From").value_or("")));
		static const std::regex date(
			R"([A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4})");
		if (!std::regex_match(patch_.header("Date").value_or(""), date))
			complain("Date is missing or malformed");
		if (patch_.header("Message-Id") != message_id(base_, patch_.name, raw_))
			complain("the Message-Id does not belong to this name and content: it was "
				 "edited or renamed by hand");
	}

	void subject()
	{
		static const std::regex form(
			R"([A-Za-z0-9_.,/{}*-]+( [A-Za-z0-9_.,/{}*-]+)?(: [A-Za-z0-9_.,/{}*-]+)*: \S.*)");
		const auto text = patch_.subject();
		if (!patch_.header("Subject").value_or("").starts_with("[PATCH] "))
			complain("the Subject does not begin with [PATCH]");
		if (!std::regex_match(text, form))
			complain(fmt::format("subject '{}' is not 'subsystem: summary'", text));
		if (text.size() > max_subject)
			complain(fmt::format("the subject has {} characters, {} are allowed",
					     text.size(), max_subject));
		if (text.ends_with('.'))
			complain("the subject ends with a full stop");
	}

	void body()
	{
		const auto trailers = patch_.trailers().size();
		const auto words = std::count_if(patch_.body.begin(), patch_.body.end(),
						 [](const auto &line) { return !line.empty(); });
		if (static_cast<std::size_t>(words) <= trailers)
			complain("the message has no body: say what is wrong without the patch, "
				 "and why it matters");
		for (const auto &line : patch_.body) {
			// Tables, code and logs are indented; a URL cannot be broken.
			const bool free = line.starts_with(' ') || line.starts_with('\t') ||
					  line.find("://") != std::string::npos;
			if (!free && line.size() > max_body_line)
				complain(fmt::format("a line of the message has {} characters, {} "
						     "are allowed: '{}'",
						     line.size(), max_body_line, line));
			// What git am would take for the start of a patch or the end of the
			// message.
			if (line.starts_with("diff -") || line.starts_with("Index: ") ||
			    line.starts_with("---"))
				complain(fmt::format("git am would cut the message at '{}'", line));
			if (line.starts_with("From: "))
				complain("a line 'From: ' in the message changes the author");
		}
	}

	void trailers()
	{
		static const std::regex assisted(R"(LLM:unspecified( [a-z0-9_.-]+)*)");
		std::size_t count = 0;
		for (const auto &[token, value] : patch_.trailers()) {
			if (token == "Assisted-by") {
				count++;
				if (!std::regex_match(value, assisted))
					complain(fmt::format("'Assisted-by: {}' is not "
							     "'LLM:unspecified tool...'",
							     value));
			} else if (token.ends_with("-by") || token == "Cc" ||
				   token == "Change-Id") {
				complain(fmt::format(
					"trailer '{}': whoever integrates the patch adds it",
					token));
			}
		}
		// Such lines are trailers wherever they stand.
		for (const auto &line : patch_.body)
			if (line.starts_with("Signed-off-by:"))
				complain("has a Signed-off-by: whoever integrates the patch adds "
					 "theirs with git am -s");
		if (count != 1)
			complain(fmt::format(
				"has {} Assisted-by trailers in its last paragraph instead of one",
				count));
	}

	void stat()
	{
		const auto is_total = [](const auto &line) {
			return line.find(" changed, ") != std::string::npos ||
			       line.ends_with(" changed");
		};
		if (!patch_.separator)
			complain("has no line '---' after the message");
		else if (std::none_of(patch_.diffstat.begin(), patch_.diffstat.end(), is_total))
			complain("has no diffstat");
	}

	void diff(const FileDiff &file)
	{
		if (file.renamed)
			return complain(
				fmt::format("renames or copies {}: export with --no-renames",
					    file.path),
				file.line);
		if (file.binary)
			return complain(fmt::format("{} is binary", file.path), file.line);
		if (file.hunks.empty() && file.new_index != file.old_index)
			complain(fmt::format("{} has no hunk", file.path), file.line);
		for (const auto &index : {file.old_index, file.new_index})
			if (!index.empty() &&
			    (index.size() != 40 ||
			     index.find_first_not_of("0123456789abcdef") != std::string::npos))
				complain(fmt::format("the index line of {} is not full: git am -3 "
						     "needs it",
						     file.path),
					 file.line);
		if (file.old_index.empty() && !file.hunks.empty())
			complain(fmt::format("{} has no index line: git am -3 needs it", file.path),
				 file.line);
		for (std::size_t i = 0; i < file.hunks.size(); i++)
			hunk(file, file.hunks[i], i + 1 == file.hunks.size());
	}

	/// Less context than usual is right only at either end of a file; elsewhere
	/// it lets a patch land in the wrong place.
	void hunk(const FileDiff &file, const Hunk &hunk, bool last)
	{
		if (file.created || file.deleted)
			return;
		if (hunk.leading_context() < context && hunk.old_start > 1)
			complain(fmt::format("{}: {} lines of context before the change", file.path,
					     hunk.leading_context()),
				 hunk.line);
		if (hunk.trailing_context() < context && !last)
			complain(fmt::format("{}: {} lines of context after the change", file.path,
					     hunk.trailing_context()),
				 hunk.line);
	}

	const Patch &patch_;
	std::string_view raw_;
	std::string_view base_;
	Findings found_;
};

} // namespace

Findings check_patch(const Patch &patch, std::string_view raw, std::string_view base)
{
	return PatchCheck(patch, raw, base).run();
}

} // namespace hm
