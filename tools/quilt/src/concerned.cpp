// SPDX-License-Identifier: GPL-2.0-only
#include "concerned.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>

namespace hm
{

namespace
{

/// So many C files may include a header for all of them to be concerned by any change of it.
constexpr std::size_t few = 8;

bool is_name_start(char c)
{
	return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_name(char c)
{
	return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Words of the language, and names that every file has: they tell nothing apart.
bool is_common(const std::string &name)
{
	static const std::set<std::string> common{
		"struct",  "union",
		"enum",    "static",
		"inline",  "extern",
		"const",   "void",
		"int",     "long",
		"short",   "char",
		"bool",    "unsigned",
		"signed",  "volatile",
		"typedef", "define",
		"undef",   "ifdef",
		"ifndef",  "endif",
		"if",      "else",
		"elif",    "defined",
		"include", "return",
		"u8",      "u16",
		"u32",     "u64",
		"NULL",    "true",
		"false",   "sizeof",
		"do",      "while",
		"for",     "goto",
		"switch",  "case",
		"break",   "continue",
		"page",    "__always_inline",
		"__init",  "__meminit",
	};
	return common.contains(name);
}

/// Walks C text, telling names that stand outside of parentheses and functions.
class Declarations
{
public:
	void line(std::string_view text)
	{
		// A comment's lines; a macro is worth its name alone
		const auto first = text.find_first_not_of(" \t");
		if (first == std::string_view::npos || text.substr(first).starts_with("*"))
			return;
		text.remove_prefix(first);
		if (text.starts_with('#')) {
			directive(text);
			return;
		}
		for (std::size_t i = 0; i < text.size();)
			i += step(text.substr(i));
	}

	std::set<std::string> names;

private:
	void directive(std::string_view text)
	{
		if (text.find("include") != std::string_view::npos)
			return;
		const bool define = text.find("define") != std::string_view::npos &&
				    text.find("defined") == std::string_view::npos;
		for (const auto &name : names_in(text)) {
			const auto at = text.find(name);
			if (is_common(name))
				continue;
			// Of "#define NAME(x) y" only NAME, which comes first
			if (!define ||
			    text.substr(0, at).find_first_of("( ", 9) == std::string_view::npos)
				names.insert(name);
		}
	}

	/// Takes one character, name or comment; returns its length.
	std::size_t step(std::string_view text)
	{
		if (comment_) {
			const auto end = text.find("*/");
			comment_ = end == std::string_view::npos;
			return comment_ ? text.size() : end + 2;
		}
		if (text.starts_with("/*")) {
			comment_ = true;
			return 2;
		}
		if (text.starts_with("//"))
			return text.size();
		if (is_name_start(text.front())) {
			const auto end = std::find_if_not(text.begin(), text.end(), is_name);
			const auto size = static_cast<std::size_t>(end - text.begin());
			std::string name(text.substr(0, size));
			if (parentheses_ == 0 && functions_ == 0 && !is_common(name))
				names.insert(std::move(name));
			after_parenthesis_ = false;
			return size;
		}
		if (text.front() == '"')
			return std::min(text.find('"', 1), text.size() - 1) + 1;
		bracket(text.front());
		return 1;
	}

	void bracket(char c)
	{
		if (c == '(') {
			parentheses_++;
		} else if (c == ')') {
			if (parentheses_ > 0)
				parentheses_--;
			after_parenthesis_ = true;
			return;
		} else if (c == '{') {
			// A function's, or one inside of it
			if (functions_ > 0 || after_parenthesis_)
				functions_++;
		} else if (c == '}') {
			if (functions_ > 0)
				functions_--;
		}
		if (c != ' ' && c != '\t')
			after_parenthesis_ = false;
	}

	int parentheses_ = 0;
	int functions_ = 0;
	bool after_parenthesis_ = false;
	bool comment_ = false;
};

/// "config NAME" of the changed lines of a Kconfig file, as C has it.
std::set<std::string> options_of(const std::vector<std::string> &lines)
{
	std::set<std::string> options;
	for (const auto &line : lines) {
		const std::string_view text(line);
		constexpr std::string_view word = "config ";
		if (text.size() > word.size() + 1 && text.front() != ' ' &&
		    text.substr(1).starts_with(word))
			options.insert("CONFIG_" + std::string(text.substr(1 + word.size())));
	}
	return options;
}

/// What a header is called where it is included: include/linux/mm.h is linux/mm.h, and
/// mm/internal.h is internal.h for its neighbours.
bool includes(const std::string &source, const std::string &text, const std::string &header)
{
	for (const std::string_view root : {"include/uapi/", "include/", "arch/x86/include/"}) {
		if (header.starts_with(root))
			return text.find("<" + header.substr(root.size()) + ">") !=
			       std::string::npos;
	}
	const auto slash = header.rfind('/') + 1;
	return source.substr(0, source.rfind('/') + 1) == header.substr(0, slash) &&
	       text.find('"' + header.substr(slash) + '"') != std::string::npos;
}

} // namespace

std::set<std::string> declared_names(const std::vector<std::string> &lines, char sign)
{
	Declarations declarations;
	for (const auto &line : lines)
		if (!line.empty() && line.front() == sign)
			declarations.line(std::string_view(line).substr(1));
	return declarations.names;
}

std::set<std::string> names_in(std::string_view source)
{
	std::set<std::string> names;
	for (auto at = source.begin(); at != source.end();) {
		if (!is_name_start(*at)) {
			// A number's letters are no name
			at = is_name(*at) ? std::find_if_not(at, source.end(), is_name) : at + 1;
			continue;
		}
		const auto end = std::find_if_not(at, source.end(), is_name);
		names.emplace(at, end);
		at = end;
	}
	return names;
}

std::vector<std::string> concerned(const Patch &patch, const std::vector<std::string> &sources,
				   const std::function<std::string(const std::string &)> &read)
{
	std::set<std::string> own;
	std::set<std::string> headers;
	std::set<std::string> names;
	for (const auto &file : patch.files) {
		own.insert(file.path);
		// What user space has there is its own
		if (file.path.starts_with("tools/") || file.path.starts_with("samples/"))
			continue;
		const bool header = file.path.ends_with(".h");
		if (header)
			headers.insert(file.path);
		for (const auto &hunk : file.hunks) {
			if (header)
				for (const char sign : {'+', '-'})
					names.merge(declared_names(hunk.lines, sign));
			else if (file.path.find("Kconfig") != std::string::npos)
				names.merge(options_of(hunk.lines));
		}
	}

	std::set<std::string> chosen;
	std::map<std::string, std::vector<std::string>> includers;
	for (const auto &source : sources) {
		if (own.contains(source)) {
			chosen.insert(source);
			continue;
		}
		if (headers.empty() && names.empty())
			continue;
		const std::string text = read(source);
		const auto used = names_in(text);
		if (std::any_of(names.begin(), names.end(),
				[&](const auto &name) { return used.contains(name); }))
			chosen.insert(source);
		for (const auto &header : headers)
			if (includes(source, text, header))
				includers[header].push_back(source);
	}
	for (const auto &[header, list] : includers)
		if (list.size() <= few)
			chosen.insert(list.begin(), list.end());

	std::vector<std::string> result;
	std::copy_if(sources.begin(), sources.end(), std::back_inserter(result),
		     [&](const auto &source) { return chosen.contains(source); });
	return result;
}

} // namespace hm
