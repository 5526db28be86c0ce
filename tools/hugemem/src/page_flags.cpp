// SPDX-License-Identifier: GPL-2.0-only
#include "page_flags.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "fd.hpp"

namespace hugemem
{
namespace
{

constexpr std::uint64_t small_frames = 512;       // 2 MiB
constexpr std::uint64_t large_frames = 512 * 512; // 1 GiB
class ProcPageFlags final : public PageFlags
{
public:
	ProcPageFlags(Fd fd, const char *path) : fd_(std::move(fd)), path_(path) {}
	Result<std::optional<std::uint64_t>> at(std::uint64_t pfn) const override
	{
		std::uint64_t flags = 0;
		const ssize_t n = ::pread(fd_.get(), &flags, sizeof(flags),
					  static_cast<off_t>(pfn * sizeof(flags)));
		if (n == sizeof(flags))
			return flags;
		// Beyond the last frame 5.10 says EINVAL and later kernels end of file.
		if (n == 0 || (n < 0 && errno == EINVAL))
			return std::nullopt;
		return fail(Exit::environment, path_, n < 0 ? std::strerror(errno) : "short read");
	}
	Result<std::size_t> read(std::uint64_t pfn, std::span<std::uint64_t> out) const override
	{
		std::size_t done = 0;
		while (done < out.size()) {
			const ssize_t n =
				::pread(fd_.get(), &out[done], (out.size() - done) * sizeof(out[0]),
					static_cast<off_t>((pfn + done) * sizeof(out[0])));
			if (n == 0 || (n < 0 && errno == EINVAL))
				break;
			if (n < 0)
				return fail(Exit::environment, path_, std::strerror(errno));
			done += static_cast<std::size_t>(n) / sizeof(out[0]);
		}
		return done;
	}

private:
	Fd fd_;
	const char *path_;
};

bool is_head(std::uint64_t flags)
{
	return (flags & (kpf::huge | kpf::compound_head)) == (kpf::huge | kpf::compound_head);
}

bool is_tail(std::uint64_t flags)
{
	return (flags & (kpf::huge | kpf::compound_tail)) == (kpf::huge | kpf::compound_tail) &&
	       !(flags & kpf::compound_head);
}

/// The page whose head is at `pfn`.
Result<HugePage> measure(const PageFlags &flags, std::uint64_t pfn)
{
	HugePage page{.pfn = pfn, .frames = small_frames};
	if (pfn % large_frames)
		return page;
	const auto next = flags.at(pfn + small_frames);
	if (!next)
		return tl::unexpected(next.error());
	if (*next && is_tail(**next))
		page.frames = large_frames;
	return page;
}

Result<std::unique_ptr<PageFlags>> open_frames(const char *path)
{
	Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
	if (!fd)
		return fail(Exit::environment, path, std::strerror(errno),
			    errno == ENOENT ? "the kernel needs CONFIG_PROC_PAGE_MONITOR=y"
					    : "run as root, or with sudo");
	return std::unique_ptr<PageFlags>(std::make_unique<ProcPageFlags>(std::move(fd), path));
}

} // namespace

Result<std::size_t> PageFlags::read(std::uint64_t pfn, std::span<std::uint64_t> out) const
{
	for (std::size_t i = 0; i < out.size(); i++) {
		const auto one = at(pfn + i);
		if (!one)
			return tl::unexpected(one.error());
		if (!*one)
			return i;
		out[i] = **one;
	}
	return out.size();
}

Result<std::unique_ptr<PageFlags>> open_page_flags()
{
	return open_frames("/proc/kpageflags");
}

Result<std::unique_ptr<PageFlags>> open_map_counts()
{
	return open_frames("/proc/kpagecount");
}

Result<std::vector<HugePage>> find_huge_pages(const PageFlags &flags)
{
	std::vector<HugePage> pages;
	for (std::uint64_t pfn = 0;;) {
		const auto f = flags.at(pfn);
		if (!f)
			return tl::unexpected(f.error());
		if (!*f)
			return pages;
		std::uint64_t step = small_frames;
		if (is_head(**f)) {
			const auto page = measure(flags, pfn);
			if (!page)
				return tl::unexpected(page.error());
			pages.push_back(*page);
			step = page->frames;
		}
		pfn += step;
	}
}

Result<std::optional<HugePage>> huge_page_of(const PageFlags &flags, std::uint64_t pfn)
{
	for (const std::uint64_t frames : {small_frames, large_frames}) {
		const std::uint64_t head = pfn / frames * frames;
		const auto f = flags.at(head);
		if (!f)
			return tl::unexpected(f.error());
		if (!*f || !is_head(**f))
			continue;
		const auto page = measure(flags, head);
		if (!page)
			return tl::unexpected(page.error());
		if (pfn - head < page->frames)
			return *page;
	}
	return std::nullopt;
}

} // namespace hugemem
