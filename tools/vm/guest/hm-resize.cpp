// SPDX-License-Identifier: GPL-2.0-only
// Times writes to nr_hugepages and weighs the pool, in a guest. Prints "metric" lines.
//
// Time is CLOCK_MONOTONIC_RAW around one write(2); with -icount shift=0 one nanosecond is one
// instruction. Free memory is nr_free_pages of /proc/vmstat plus the per-CPU "count:" lines of
// /proc/zoneinfo (MemFree alone misses the per-CPU lists); /proc/sys/vm/stat_refresh folds the
// per-CPU counters first. All buffers are static, so that the program itself does not disturb
// what it weighs.
#include "measure.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>

using namespace hm::guest;

namespace
{

struct Options {
	long size_kb = 2048;
	long pages = 1024;
	int rounds = 3;
	std::string prefix = "pool";
	std::string unit = "ns";
	bool once = false; ///< only write --pages, do not shrink, no rounds
	bool allow_fewer = false;
};

std::array<char, 1 << 18> buffer;

std::string_view slurp(const char *path)
{
	const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die_errno(path);
	size_t have = 0;
	for (;;) {
		const ssize_t n = ::read(fd, buffer.data() + have, buffer.size() - have);
		if (n < 0)
			die_errno(path);
		if (n == 0)
			break;
		have += static_cast<size_t>(n);
		if (have == buffer.size())
			die(std::string(path) + ": larger than expected");
	}
	::close(fd);
	return {buffer.data(), have};
}

long number_at(std::string_view text, size_t at)
{
	while (at < text.size() && text[at] == ' ')
		++at;
	long value = 0;
	const auto [end, ec] = std::from_chars(text.data() + at, text.data() + text.size(), value);
	if (ec != std::errc{})
		die("no number where one belongs in a /proc file", 4);
	return value;
}

/// Free memory in KiB.
long free_kib()
{
	// Old kernels may lack it or refuse; the error is then at most a few pages a processor.
	const int fd = ::open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		[[maybe_unused]] const auto n = ::write(fd, "1", 1);
		::close(fd);
	}
	const std::string_view vmstat = slurp("/proc/vmstat");
	constexpr std::string_view free_key = "nr_free_pages ";
	const size_t at = vmstat.find(free_key);
	if (at == std::string_view::npos)
		die("/proc/vmstat has no nr_free_pages", 4);
	long pages = number_at(vmstat, at + free_key.size());
	const std::string_view zones = slurp("/proc/zoneinfo");
	constexpr std::string_view count_key = " count:";
	for (size_t pos = zones.find(count_key); pos != std::string_view::npos;
	     pos = zones.find(count_key, pos + 1))
		pages += number_at(zones, pos + count_key.size());
	return pages * (::sysconf(_SC_PAGESIZE) / 1024);
}

class Pool
{
public:
	explicit Pool(long size_kb)
		: path_("/sys/kernel/mm/hugepages/hugepages-" + std::to_string(size_kb) +
			"kB/nr_hugepages")
	{
		fd_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
		if (fd_ < 0)
			die_errno(path_);
	}
	Pool(const Pool &) = delete;
	Pool &operator=(const Pool &) = delete;
	~Pool() { ::close(fd_); }

	/// Nanoseconds of one write.
	[[nodiscard]] long long resize(long pages) const
	{
		const std::string text = std::to_string(pages);
		const long long begin = now_ns();
		const ssize_t n = ::pwrite(fd_, text.data(), text.size(), 0);
		const long long end = now_ns();
		if (n != static_cast<ssize_t>(text.size()))
			die_errno(path_);
		return end - begin;
	}

	[[nodiscard]] long pages() const { return number_at(slurp(path_.c_str()), 0); }

private:
	std::string path_;
	int fd_ = -1;
};

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
		if (arg == "--size-kb")
			options.size_kb = number(value(), 0);
		else if (arg == "--pages")
			options.pages = number(value(), 0);
		else if (arg == "--rounds")
			options.rounds = static_cast<int>(number(value(), 0));
		else if (arg == "--prefix")
			options.prefix = value();
		else if (arg == "--unit")
			options.unit = value();
		else if (arg == "--once")
			options.once = true;
		else if (arg == "--allow-fewer")
			options.allow_fewer = true;
		else
			die("usage: hm-resize [--size-kb 2048] [--pages 1024] [--rounds 3] [--prefix pool] "
			    "[--unit ns] [--once] [--allow-fewer]",
			    2);
	}
	if (options.rounds < 1 || (options.pages < 1 && !options.once))
		die("--rounds and --pages must be at least 1", 2);
	return options;
}

int resize_once(const Options &options, const Pool &pool)
{
	const long long took = pool.resize(options.pages);
	const long got = pool.pages();
	metric(options.prefix + ".got", static_cast<double>(got), "pages");
	metric(options.prefix + ".total", static_cast<double>(took), options.unit);
	return got == options.pages || options.allow_fewer ? 0 : 1;
}

/// Grows and shrinks `rounds` times: the first round is "cold" (page tables, caches and lists are
/// as they were found), the last is "warm".
int rounds(const Options &options, const Pool &pool)
{
	const long before_all = free_kib();
	int status = 0;
	for (int round = 1; round <= options.rounds; ++round) {
		const char *heat = round == options.rounds ? "warm" : round == 1 ? "cold" : nullptr;
		const long before = free_kib();
		const auto grow = static_cast<double>(pool.resize(options.pages));
		const long got = pool.pages();
		const long grown = free_kib();
		const auto shrink = static_cast<double>(pool.resize(0));
		const long left = pool.pages();
		if (got != options.pages || left != 0) {
			std::fprintf(
				stderr,
				"hm-resize: round %d: asked for %ld pages and got %ld, shrank to %ld\n",
				round, options.pages, got, left);
			status = 1;
		}
		if (!heat || got == 0)
			continue;
		const std::string name = options.prefix + "." + heat;
		const auto pages = static_cast<double>(got);
		metric(name + ".grow", grow / pages, options.unit);
		metric(name + ".shrink", shrink / pages, options.unit);
		metric(name + ".used", static_cast<double>(before - grown) / pages, "KiB");
		// What a pool of 1 TiB would have to spare, against pages that cost their full
		// size.
		const double saved_kib = static_cast<double>(options.size_kb) -
					 static_cast<double>(before - grown) / pages;
		metric(name + ".saved_tib",
		       saved_kib * (1 << 30) / static_cast<double>(options.size_kb) / (1 << 20),
		       "GiB");
		metric(name + ".got", pages, "pages");
	}
	metric(options.prefix + ".lost", static_cast<double>(before_all - free_kib()), "KiB");
	return status;
}

} // namespace

int main(int argc, char **argv)
{
	const Options options = parse(argc, argv);
	const Pool pool(options.size_kb);
	return options.once ? resize_once(options, pool) : rounds(options, pool);
}
