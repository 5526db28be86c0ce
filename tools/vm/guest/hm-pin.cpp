// SPDX-License-Identifier: GPL-2.0-only
// Times one long-term pin, in a guest: memory that was touched is registered as a buffer of
// io_uring, which any user may do. Prints "metric" lines.
//
// Time is CLOCK_MONOTONIC_RAW around io_uring_register(2); with -icount shift=0 one nanosecond is
// one instruction. Where the pages lie is told by /proc/self/pagemap and the Movable zones of
// /proc/zoneinfo.
#include "measure.hpp"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace hm::guest;

namespace
{

constexpr long page_size = 4096;

struct Options {
	long mib = 256;
	int rounds = 3;
	bool hold = false;         ///< keep the last pin until killed
	std::string kind = "base"; ///< base, thp or hugetlb
	std::string prefix = "pin";
	std::string unit = "ns";
};

/// PFNs from `first` on, `count` of them.
struct Range {
	uint64_t first = 0;
	uint64_t count = 0;
};

/// What the Movable zones of all nodes span.
std::vector<Range> movable_zones()
{
	std::ifstream in{"/proc/zoneinfo"};
	std::vector<Range> out;
	bool movable = false;
	for (std::string line; std::getline(in, line);) {
		std::istringstream words{line};
		std::string key;
		words >> key;
		if (key == "Node") {
			movable = line.find("zone  Movable") != std::string::npos;
			if (movable)
				out.emplace_back();
		} else if (movable && key == "spanned") {
			words >> out.back().count;
		} else if (movable && key == "start_pfn:") {
			words >> out.back().first;
		}
	}
	return out;
}

/// How many of the pages lie there.
long in_movable(const char *from, long pages)
{
	const auto zones = movable_zones();
	const int fd = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die_errno("/proc/self/pagemap");
	std::vector<uint64_t> entries(static_cast<size_t>(pages));
	const auto bytes = static_cast<ssize_t>(entries.size() * sizeof(uint64_t));
	const auto at = static_cast<off_t>(reinterpret_cast<uintptr_t>(from) / page_size *
					   sizeof(uint64_t));
	if (::pread(fd, entries.data(), static_cast<size_t>(bytes), at) != bytes)
		die_errno("/proc/self/pagemap");
	::close(fd);
	long there = 0;
	for (const auto entry : entries) {
		const uint64_t pfn = entry & ((1ULL << 55) - 1);
		for (const auto &zone : zones)
			there += pfn >= zone.first && pfn < zone.first + zone.count ? 1 : 0;
	}
	return there;
}

/// Memory of a kind, touched; aligned to 2 MiB.
char *touched(const Options &options, size_t bytes)
{
	constexpr size_t huge = 2U << 20;
	const bool hugetlb = options.kind == "hugetlb";
	void *at = ::mmap(nullptr, bytes + (hugetlb ? 0 : huge), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | (hugetlb ? MAP_HUGETLB : 0), -1, 0);
	if (at == MAP_FAILED)
		die_errno("mmap of " + options.kind);
	auto *from = static_cast<char *>(at);
	from += (huge - reinterpret_cast<uintptr_t>(from) % huge) % huge;
	// without THP in the kernel there is nothing to advise about
	if (!hugetlb)
		::madvise(from, bytes, options.kind == "thp" ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (size_t i = 0; i < bytes; i += page_size)
		from[i] = static_cast<char>(i / page_size + 1);
	return from;
}

/// One round: the time of the pin, in nanoseconds. With --hold everything stays as it is then.
long long pin_once(const Options &options, size_t bytes, long &before, long &after)
{
	const auto pages = static_cast<long>(bytes / page_size);
	char *from = touched(options, bytes);
	before = in_movable(from, pages);
	struct io_uring_params params {
	};
	const int ring = static_cast<int>(::syscall(__NR_io_uring_setup, 4, &params));
	if (ring < 0)
		die_errno("io_uring_setup");
	struct iovec iov = {from, bytes};
	const long long begin = now_ns();
	const long ret = ::syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS, &iov, 1);
	const long long end = now_ns();
	if (ret < 0)
		die_errno("IORING_REGISTER_BUFFERS");
	after = in_movable(from, pages);
	for (size_t i = 0; i < bytes; i += page_size)
		if (from[i] != static_cast<char>(i / page_size + 1))
			die("the contents changed", 1);
	if (options.hold)
		return end - begin;
	::syscall(__NR_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, nullptr, 0);
	::close(ring);
	::munmap(from, bytes);
	return end - begin;
}

Options parse(int argc, char **argv)
{
	Options options;
	for (int i = 1; i < argc; ++i) {
		const std::string_view arg = argv[i];
		const auto value = [&]() -> const char * {
			if (i + 1 >= argc)
				die(std::string(arg) + " needs a value", 2);
			return argv[++i];
		};
		if (arg == "--mib")
			options.mib = number(value(), 1);
		else if (arg == "--rounds")
			options.rounds = static_cast<int>(number(value(), 1));
		else if (arg == "--hold")
			options.hold = true;
		else if (arg == "--kind")
			options.kind = value();
		else if (arg == "--prefix")
			options.prefix = value();
		else if (arg == "--unit")
			options.unit = value();
		else
			die("usage: hm-pin [--mib 256] [--rounds 3] [--kind base|thp|hugetlb] [--prefix pin] [--unit ns] "
			    "[--hold]",
			    2);
	}
	if (options.hold && options.rounds != 1)
		die("--hold is for --rounds 1", 2);
	if (options.kind != "base" && options.kind != "thp" && options.kind != "hugetlb")
		die("--kind is base, thp or hugetlb", 2);
	return options;
}

} // namespace

int main(int argc, char **argv)
{
	const Options options = parse(argc, argv);
	const auto bytes = static_cast<size_t>(options.mib) << 20;
	const auto pages = static_cast<double>(bytes / page_size);
	long before = 0;
	long after = 0;
	long long took = 0;
	for (int round = 0; round < options.rounds; ++round)
		took = pin_once(options, bytes, before, after);
	metric(options.prefix + ".cost", static_cast<double>(took) / pages, options.unit);
	metric(options.prefix + ".movable_before", static_cast<double>(before), "pages");
	metric(options.prefix + ".movable_after", static_cast<double>(after), "pages");
	if (options.hold) {
		std::fflush(stdout);
		::pause();
	}
	return 0;
}
