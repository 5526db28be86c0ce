// SPDX-License-Identifier: GPL-2.0-only
#include "message_id.hpp"

#include <fmt/format.h>

#include "text.hpp"

namespace hm
{

namespace
{

constexpr std::string_view field = "Message-Id:";

/// A mail without its Message-Id and without empty lines at the end, in the two
/// parts between which the Message-Id goes: after the header's Subject.
struct Parts {
	std::string before;
	std::string after;
};

Parts split(std::string_view text)
{
	while (text.ends_with("\n\n"))
		text.remove_suffix(1);
	Parts parts;
	bool in_header = true;
	bool in_subject = false;
	bool past_subject = false;
	for (const auto line : lines_of(text)) {
		const bool continued = line.starts_with(' ') || line.starts_with('\t');
		if (in_header && line.empty())
			in_header = false;
		if (in_header && line.starts_with(field))
			continue;
		past_subject |= in_subject && !(in_header && continued);
		in_subject =
			in_header && (line.starts_with("Subject:") || (in_subject && continued));
		(past_subject || !in_header ? parts.after : parts.before) +=
			fmt::format("{}\n", line);
	}
	return parts;
}

std::string id_of(std::string_view base, std::string_view name, const Parts &parts)
{
	const auto hash =
		sha256_hex(fmt::format("{}\n{}\n{}{}", base, name, parts.before, parts.after));
	const auto stem = name.substr(0, name.find_first_of("-."));
	return fmt::format("<hugemem.{}.{}.{}@localhost>", base, stem, hash.substr(0, 16));
}

} // namespace

std::string message_id(std::string_view base, std::string_view name, std::string_view text)
{
	return id_of(base, name, split(text));
}

std::string stamped(std::string_view base, std::string_view name, std::string_view text)
{
	const auto parts = split(text);
	return fmt::format("{}{} {}\n{}", parts.before, field, id_of(base, name, parts),
			   parts.after);
}

} // namespace hm
