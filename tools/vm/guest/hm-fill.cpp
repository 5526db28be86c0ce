// SPDX-License-Identifier: GPL-2.0-only
// Fills a file that can only be mapped, as those of hugetlbfs, and later checks that it holds the
// same.
//
//     hm-fill write FILE MIB
//     hm-fill check FILE MIB      ends with 1 and says where, if a word differs
#include "measure.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <span>
#include <string_view>

using namespace hm::guest;

namespace
{

/// What word `i` of the file is: no two are the same, none is 0.
uint64_t word(uint64_t i)
{
	return (i + 1) * 0x9e3779b97f4a7c15U;
}

} // namespace

int main(int argc, char **argv)
{
	constexpr const char *usage = "usage: hm-fill write|check FILE MIB";
	if (argc != 4)
		die(usage, 2);
	const std::string_view what = argv[1];
	if (what != "write" && what != "check")
		die(usage, 2);
	const size_t bytes = static_cast<size_t>(number(argv[3], 1)) << 20;
	const int fd = ::open(argv[2], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(bytes)) != 0)
		die_errno(argv[2]);
	void *map = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die_errno(argv[2]);
	const std::span words(static_cast<uint64_t *>(map), bytes / sizeof(uint64_t));
	for (size_t i = 0; i < words.size(); i++) {
		if (what == "write")
			words[i] = word(i);
		else if (words[i] != word(i))
			die(std::string(argv[2]) + ": not what was written at byte " +
				    std::to_string(i * sizeof(uint64_t)),
			    1);
	}
}
