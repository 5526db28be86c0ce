// SPDX-License-Identifier: GPL-2.0-only
// A library to preload into compilers: the anonymous memory they map may lie in huge pages. gcc
// takes 50 to 300 MiB for each file, page by page, which is a fifth of the time of a kernel build
// where page faults are dear, as they are in virtual machines. Where
// /sys/kernel/mm/transparent_hugepage/enabled is "always" or "never" it changes nothing.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace
{

constexpr std::size_t worthwhile = 1 << 20; // bytes: what grows by less is no heap

void *map(void *address, std::size_t bytes, int protection, int flags, int fd, off_t offset)
{
	const long at = ::syscall(SYS_mmap, address, bytes, protection, flags, fd, offset);
	if (at == -1)
		return MAP_FAILED;
	void *memory = reinterpret_cast<void *>(
		at); // NOLINT(performance-no-int-to-ptr): what a system call returns
	if ((flags & MAP_ANONYMOUS) && bytes >= worthwhile)
		::syscall(SYS_madvise, memory, bytes,
			  MADV_HUGEPAGE); // advice: that it is not taken is no error
	return memory;
}

} // namespace

// Both names of the C library's function.
extern "C" void *mmap(void *address, std::size_t bytes, int protection, int flags, int fd,
		      off_t offset) noexcept
{
	return map(address, bytes, protection, flags, fd, offset);
}

extern "C" void *mmap64(void *address, std::size_t bytes, int protection, int flags, int fd,
			off_t offset) noexcept
{
	return map(address, bytes, protection, flags, fd, offset);
}
