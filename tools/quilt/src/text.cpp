// SPDX-License-Identifier: GPL-2.0-only
#include "text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace hm
{

std::vector<std::string_view> lines_of(std::string_view text)
{
	std::vector<std::string_view> lines;
	while (!text.empty()) {
		const auto end = text.find('\n');
		lines.push_back(text.substr(0, end));
		if (end == std::string_view::npos)
			break;
		text.remove_prefix(end + 1);
	}
	return lines;
}

std::string_view trim(std::string_view text)
{
	const auto first = text.find_first_not_of(" \t");
	if (first == std::string_view::npos)
		return {};
	return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> words_of(std::string_view text, std::string_view separators)
{
	std::vector<std::string> words;
	for (auto start = text.find_first_not_of(separators); start != std::string_view::npos;) {
		const auto end = text.find_first_of(separators, start);
		words.emplace_back(text.substr(start, end - start));
		start = text.find_first_not_of(separators, end);
	}
	return words;
}

bool is_hex(std::string_view text, std::size_t count)
{
	return text.size() == count &&
	       text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::string> read_file(const std::filesystem::path &path)
{
	std::ifstream in(path, std::ios::binary);
	// A directory opens without complaint and reads as empty: tell it apart.
	std::error_code ignored;
	if (!in || std::filesystem::is_directory(path, ignored))
		return fail(Exit::environment,
			    fmt::format("cannot read {}: {}", path.string(),
					in ? "it is a directory" : std::strerror(errno)));
	return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<void> write_file(const std::filesystem::path &path, std::string_view content)
{
	auto part = path;
	part += ".part";
	{
		std::ofstream out(part, std::ios::binary | std::ios::trunc);
		out.write(content.data(), static_cast<std::streamsize>(content.size()));
		out.flush();
		if (!out) {
			const int cause = errno;
			std::error_code ignored;
			std::filesystem::remove(part, ignored);
			return fail(Exit::environment,
				    fmt::format("cannot write {}: {}", path.string(),
						std::strerror(cause)));
		}
	}
	std::error_code ec;
	std::filesystem::rename(part, path, ec);
	if (ec)
		return fail(Exit::environment,
			    fmt::format("cannot replace {}: {}", path.string(), ec.message()));
	return {};
}

std::string sha256_hex(std::string_view data)
{
	std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
	unsigned int size = 0;
	EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha256(), nullptr);
	std::string hex;
	hex.reserve(2UL * size);
	for (unsigned int i = 0; i < size; i++)
		fmt::format_to(std::back_inserter(hex), "{:02x}", digest[i]);
	return hex;
}

} // namespace hm
