// SPDX-License-Identifier: GPL-2.0-only
#include "text_file.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "fd.hpp"

namespace hugemem
{

Result<std::string> read_text(const std::string &path, std::size_t limit)
{
	const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (!fd)
		return fail(Exit::environment, path, std::strerror(errno));

	std::string text;
	std::array<char, 4096> chunk{};
	for (;;) {
		const ssize_t n = ::read(fd.get(), chunk.data(), chunk.size());
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(Exit::environment, path, std::strerror(errno));
		if (n == 0)
			return text;
		if (text.size() + static_cast<std::size_t>(n) > limit)
			return fail(Exit::environment, path,
				    fmt::format("has more than {} bytes", limit));
		text.append(chunk.data(), static_cast<std::size_t>(n));
	}
}

Result<std::uint64_t> read_number(const std::string &path)
{
	const auto text = read_text(path);
	if (!text)
		return tl::unexpected(text.error());
	std::uint64_t value = 0;
	const char *end = text->data() + text->size();
	const auto [stop, ec] = std::from_chars(text->data(), end, value);
	if (ec != std::errc{} || (stop != end && *stop != '\n'))
		return fail(Exit::environment, path, "does not hold a number: \"" + *text + "\"");
	return value;
}

} // namespace hugemem
