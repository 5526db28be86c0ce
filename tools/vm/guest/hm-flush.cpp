// SPDX-License-Identifier: GPL-2.0-only
// Makes the kernel flush its own TLB range, so that whoever counts flushes can prove that the
// counter works. A file table of 8 MiB comes from vmalloc (kvmalloc beyond what the buddy lists
// hold in one piece); freeing some of them passes vmalloc's lazy limit (32 MiB a doubling of CPUs),
// and that purge flushes.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv)
{
	const int times = argc > 1 ? std::atoi(argv[1]) : 32;
	constexpr rlim_t limit = 1 << 20;
	const struct rlimit files = {limit, limit};
	if (::setrlimit(RLIMIT_NOFILE, &files) != 0) {
		std::perror("hm-flush: RLIMIT_NOFILE");
		return 3;
	}
	for (int i = 0; i < times; ++i) {
		const pid_t pid = ::fork();
		if (pid < 0) {
			std::perror("hm-flush: fork");
			return 3;
		}
		if (pid == 0)
			::_exit(::dup2(0, limit - 1) < 0 ? 1 : 0); // exit frees the table
		int status = 0;
		if (::waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
		    WEXITSTATUS(status) != 0) {
			std::fprintf(stderr,
				     "hm-flush: no file table of a million entries to be had\n");
			return 1;
		}
	}
	return 0;
}
