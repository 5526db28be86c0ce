// SPDX-License-Identifier: GPL-2.0-only
/// The HugeTLB pools as sysfs tells them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"

namespace hugemem
{

/// The pool of one page size.
struct Pool {
	std::uint64_t page_kib = 0; ///< size of its huge pages in KiB
	std::uint64_t pages = 0;    ///< nr_hugepages, surplus included
	std::uint64_t free = 0;
	std::uint64_t surplus = 0;
	std::optional<std::uint64_t> optimized = std::nullopt; ///< optimized_hugepages, the series'
	std::optional<std::uint64_t> saved_bytes = std::nullopt; ///< vmemmap_saved_bytes, likewise
	friend bool operator==(const Pool &, const Pool &) = default;
};

/// All pools, smallest page size first. `root` is /sys/kernel/mm/hugepages, or
/// /sys/devices/system/node/nodeN/hugepages. Errors: environment when the
/// kernel has no HugeTLB or /sys is not mounted.
Result<std::vector<Pool>> read_pools(const std::string &root = "/sys/kernel/mm/hugepages");

/// The size in KiB of the pages whose directory is "hugepages-2048kB", if that is what it says.
std::optional<std::uint64_t> pool_page_kib(std::string_view directory);

/// "2 MiB", "1 GiB", "64 KiB".
std::string size_name(std::uint64_t kib);

} // namespace hugemem
