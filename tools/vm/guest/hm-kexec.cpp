// SPDX-License-Identifier: GPL-2.0-only
// Loads the kernel that takes over when the running one panics (kexec_file_load(2)). The kernel
// describes the memory that there is at this moment, so memory that comes later is in no dump.
//
//     hm-kexec KERNEL INITRAMFS "COMMAND LINE"
#include "measure.hpp"

#include <fcntl.h>
#include <linux/kexec.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace hm::guest;

namespace
{

int open_file(const char *name)
{
	const int fd = ::open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die_errno(name);
	return fd;
}

} // namespace

int main(int argc, char **argv)
{
	if (argc != 4)
		die("usage: hm-kexec KERNEL INITRAMFS \"COMMAND LINE\"", 2);
	const int kernel = open_file(argv[1]);
	const int initramfs = open_file(argv[2]);
	// the length counts the NUL
	if (::syscall(SYS_kexec_file_load, kernel, initramfs, std::strlen(argv[3]) + 1, argv[3],
		      KEXEC_FILE_ON_CRASH) != 0)
		die_errno("kexec_file_load");
}
