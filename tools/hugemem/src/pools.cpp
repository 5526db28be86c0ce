// SPDX-License-Identifier: GPL-2.0-only
#include "pools.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "text_file.hpp"

namespace hugemem
{

Result<std::vector<Pool>> read_pools(const std::string &root)
{
	namespace fs = std::filesystem;
	std::error_code ec;
	std::vector<Pool> pools;
	for (fs::directory_iterator it(root, ec), end; !ec && it != end; it.increment(ec)) {
		const auto page_kib = pool_page_kib(it->path().filename().string());
		if (!page_kib)
			continue;
		Pool pool;
		pool.page_kib = *page_kib;
		const std::string dir = it->path().string();
		for (const auto &[file, value] : {std::pair{"/nr_hugepages", &pool.pages},
						  std::pair{"/free_hugepages", &pool.free},
						  std::pair{"/surplus_hugepages", &pool.surplus}}) {
			const auto number = read_number(dir + file);
			if (!number)
				return tl::unexpected(number.error());
			*value = *number;
		}
		// Only the series has these.
		if (const auto number = read_number(dir + "/optimized_hugepages"))
			pool.optimized = *number;
		if (const auto number = read_number(dir + "/vmemmap_saved_bytes"))
			pool.saved_bytes = *number;
		pools.push_back(pool);
	}
	if (pools.empty())
		return fail(Exit::environment, root, ec ? ec.message() : "no huge page size in it",
			    "mount /sys; the kernel needs CONFIG_HUGETLBFS=y");
	std::sort(pools.begin(), pools.end(),
		  [](const Pool &a, const Pool &b) { return a.page_kib < b.page_kib; });
	return pools;
}

std::optional<std::uint64_t> pool_page_kib(std::string_view directory)
{
	constexpr std::string_view prefix = "hugepages-";
	if (!directory.starts_with(prefix))
		return std::nullopt;
	directory.remove_prefix(prefix.size());
	std::uint64_t kib = 0;
	const char *last = directory.data() + directory.size();
	const auto [stop, bad] = std::from_chars(directory.data(), last, kib);
	if (bad != std::errc{} || std::string_view(stop, last) != "kB")
		return std::nullopt;
	return kib;
}

std::string size_name(std::uint64_t kib)
{
	constexpr std::uint64_t mib = 1024;
	constexpr std::uint64_t gib = 1024 * mib;
	if (kib >= gib && kib % gib == 0)
		return fmt::format("{} GiB", kib / gib);
	if (kib >= mib && kib % mib == 0)
		return fmt::format("{} MiB", kib / mib);
	return fmt::format("{} KiB", kib);
}

} // namespace hugemem
