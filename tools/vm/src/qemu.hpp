// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Boots one guest and sees it through to its end.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "error.hpp"
#include "scenario.hpp"

namespace hm::vm
{

/// All that one boot needs.
struct Boot {
	std::filesystem::path kernel; ///< a bzImage
	std::filesystem::path initramfs;
	Hardware hardware;
	bool kvm = false;    ///< ignored for Machine::icount and Machine::tcg
	std::string cmdline; ///< added to the runner's own
	std::vector<Step> steps;
	double timeout = 120; ///< seconds
	std::filesystem::path
		out; ///< folder for console.log, results.log, qemu.log, qemu.cmd, disk.raw

	/// What /dev/vda of the guest is, if its hardware has a disk.
	[[nodiscard]] std::filesystem::path disk() const { return out / "disk.raw"; }
};

/// How a boot ended.
struct Ending {
	bool powered_off = false; ///< the guest asked for it; anything else is a failure
	bool timed_out = false;
	double limit = 0;   ///< seconds that it had
	double starved = 0; ///< seconds of the wall clock that did not count: the host was busy
	/// From here on the console has only what the kernel was asked about its hang.
	size_t diagnosis_from = std::string::npos;
	int qemu_status = 0; ///< exit status of QEMU
	std::string
		shutdown_reason; ///< as QEMU told it: guest-shutdown, guest-reset, guest-panic ...
	double seconds = 0;      ///< wall clock
	std::string console;     ///< everything from ttyS0
	std::string results;     ///< everything from ttyS1
	std::string qemu_says;   ///< QEMU's own messages
	std::vector<std::string> steps; ///< "NAME: ok" or "NAME: cause", in order
};

/// The arguments of QEMU, for a boot whose channels have these descriptors (console, results,
/// requests, QMP). With `interactive` the console is the terminal and the descriptors are unused.
struct Channels {
	int console = -1;
	int results = -1;
	int requests = -1;
	int qmp = -1;
};
std::vector<std::string> qemu_arguments(const Boot &boot, const Channels &channels,
					bool interactive = false);

/// Runs the guest. `progress` is called with the latest console or results line. An error means
/// that QEMU could not be started or that the user asked to stop; all else is in Ending.
Result<Ending> run_guest(const Boot &boot,
			 const std::function<void(const std::string &)> &progress);

/// Finds the image in a build folder (or takes the file itself).
Result<std::filesystem::path> find_image(const std::filesystem::path &build);

/// The program, or how to install it.
Result<std::filesystem::path> find_qemu();

} // namespace hm::vm
