// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// The subcommands of hm-vm, without their command lines: main.cpp fills these structures.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "error.hpp"
#include "scenario.hpp"

namespace hm::vm
{

/// Compilations at a time unless the user says otherwise.
inline unsigned default_jobs()
{
	return std::max(1U, std::thread::hardware_concurrency());
}

struct KernelArgs {
	std::string src;
	std::string out;
	std::vector<std::string> configs;
	std::string fragment;
	std::string log;
	std::vector<std::string> targets;
	unsigned jobs = default_jobs();
	bool stock = false;
	bool configure_only = false;
};
Result<Exit> kernel_command(const KernelArgs &args);

struct ImageArgs {
	std::string file;
	std::string series; ///< what its release must be of; empty: any
};
Result<Exit> image_command(const ImageArgs &args);

struct SelftestArgs {
	std::string src;
	std::string ksrc;
	std::string out; ///< empty: CACHE/guest/selftests
	unsigned jobs = default_jobs();
};
Result<Exit> selftests_command(const SelftestArgs &args);

struct RunArgs {
	std::vector<std::string> scenarios;
	std::vector<std::string> kernels; ///< ROLE=DIR or ROLE/VARIANT=DIR
	std::vector<std::string> bin;
	std::vector<std::string> only;
	std::string selftests; ///< empty: CACHE/guest/selftests
	std::string out;       ///< empty: CACHE/log/vm
	std::string accel = "auto";
	std::string allow;
	unsigned jobs = 1;
	double time_factor = 1;
	bool partial = false;
	bool complete = false;
	bool check_only = false;
	bool strict_targets = false; ///< a missed target is a failure
};
Result<Exit> run_command(const RunArgs &args);

struct ReportArgs {
	std::vector<std::string> scenarios;
	std::string out; ///< empty: CACHE/log/vm
	std::string command = "make bench";
	bool as_markdown = false;
};
Result<Exit> report_command(const ReportArgs &args);

struct GuestArgs {
	std::string out;
	std::string script;
	std::vector<std::string> adds; ///< SRC or SRC:DEST
	std::string arguments;
	std::string kernel;
	std::string append;
	std::string accel = "auto";
	Hardware hardware;
};
Result<Exit> initramfs_command(const GuestArgs &args);
Result<Exit> shell_command(const GuestArgs &args);

/// tools/vm of the source tree that this program was built from; $HM_VM_DIR overrides.
std::filesystem::path vm_source_dir();
/// The folder of the running program.
std::filesystem::path program_dir();

} // namespace hm::vm
