// SPDX-License-Identifier: GPL-2.0-only
// Subcommands "initramfs" and "shell".
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>

#include <fmt/format.h>

#include "accel.hpp"
#include "commands.hpp"
#include "files.hpp"
#include "initramfs.hpp"
#include "qemu.hpp"
#include "stop.hpp"
#include "term.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{
namespace
{

/// "SRC" (goes to /bin/NAME) or "SRC:DEST".
Result<InitramfsSpec::Entry> parse_add(const std::string &text)
{
	const size_t colon = text.find(':');
	InitramfsSpec::Entry entry;
	entry.from = text.substr(0, colon);
	entry.to = colon == std::string::npos ? "/bin/" + entry.from.filename().string()
					      : text.substr(colon + 1);
	if (entry.to.empty() || entry.to.front() != '/')
		return fail(
			Exit::usage,
			fmt::format("--add {}: the place in the guest must begin with /", text));
	if (!fs::exists(entry.from))
		return fail(Exit::usage,
			    fmt::format("--add {}: {} does not exist", text, entry.from.string()));
	return entry;
}

Result<std::string> build_archive(const GuestArgs &args)
{
	InitramfsSpec spec;
	spec.guest_dir = vm_source_dir() / "guest";
	spec.script = args.script;
	spec.arguments = args.arguments;
	for (const std::string &add : args.adds) {
		auto entry = parse_add(add);
		if (!entry)
			return tl::unexpected(entry.error());
		spec.entries.push_back(std::move(*entry));
	}
	return make_initramfs(spec);
}

/// QEMU on our terminal, in our process group: the terminal is the guest's until it ends.
Result<int> run_on_terminal(const std::vector<std::string> &args)
{
	struct termios saved {
	};
	const bool terminal = ::tcgetattr(0, &saved) == 0;
	std::vector<char *> argv;
	for (const std::string &arg : args)
		argv.push_back(const_cast<char *>(arg.c_str()));
	argv.push_back(nullptr);
	const pid_t parent = ::getpid();
	const pid_t pid = ::fork();
	if (pid < 0)
		return fail_errno("fork");
	if (pid == 0) {
		::prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (::getppid() != parent)
			::_exit(127);
		::execvp(argv[0], argv.data());
		::_exit(127);
	}
	int status = 0;
	while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
		if (stop::requested())
			::kill(pid, SIGKILL);
	}
	if (terminal)
		::tcsetattr(0, TCSANOW, &saved);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

Result<Exit> initramfs_command(const GuestArgs &args)
{
	const auto archive = build_archive(args);
	if (!archive)
		return tl::unexpected(archive.error());
	if (auto st = write_file(args.out, *archive); !st)
		return tl::unexpected(st.error());
	term::say(fmt::format("{}: {} KiB", args.out, archive->size() >> 10));
	return Exit::ok;
}

Result<Exit> shell_command(const GuestArgs &args)
{
	if (auto qemu = find_qemu(); !qemu)
		return tl::unexpected(qemu.error());
	const auto image = find_image(args.kernel);
	if (!image)
		return tl::unexpected(image.error());
	if (const auto size = parse_size(args.hardware.memory); !size)
		return tl::unexpected(size.error());
	const auto archive = build_archive(args);
	if (!archive)
		return tl::unexpected(archive.error());
	auto tmp = TempDir::make("hm-vm-shell");
	if (!tmp)
		return tl::unexpected(tmp.error());
	Boot boot;
	boot.kernel = *image;
	boot.initramfs = tmp->path() / "initramfs.cpio";
	if (auto st = write_file(boot.initramfs, *archive); !st)
		return tl::unexpected(st.error());
	boot.hardware = args.hardware;
	boot.cmdline = args.append;
	boot.kvm = args.accel == "kvm";
	if (args.accel == "auto") {
		const auto answer = probe_kvm(*image, vm_source_dir() / "guest");
		if (!answer)
			return tl::unexpected(answer.error());
		boot.kvm = answer->works;
	}
	const auto status = run_on_terminal(qemu_arguments(boot, {}, true));
	if (!status)
		return tl::unexpected(status.error());
	if (*status != 0 && !stop::requested())
		return fail(Exit::environment, fmt::format("QEMU ended with status {}", *status));
	return Exit::ok;
}

} // namespace hm::vm
