// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// A scenario: what a guest is made of, what runs in it, and what is expected. Read from JSON;
/// the schema is described in tools/vm/README.md. Unknown keys are errors.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dmesg.hpp"
#include "error.hpp"

namespace hm::vm
{

/// How the processor of the guest runs.
enum class Machine {
	normal, ///< KVM where it works, else TCG
	tcg,    ///< always TCG
	icount, ///< TCG, one thread, one instruction = one nanosecond: instruction counts repeat
};

struct NumaNode {
	std::string
		memory; ///< "2G"; may be "0" for a node that has only CPUs or only hot-added memory
	std::string cpus; ///< "0-1"; empty: a node without CPUs
};

/// The virtual hardware.
struct Hardware {
	Machine machine = Machine::normal;
	std::string memory = "2G"; ///< with the suffix K, M or G
	std::string maxmem;        ///< empty: memory cannot be hot-plugged
	unsigned slots = 0;        ///< of DIMMs
	unsigned smp = 2;          ///< processors
	std::string cpu = "max";
	std::string disk; ///< size of /dev/vda; empty: no disk
	std::vector<NumaNode> numa;
	std::vector<std::string> extra; ///< further QEMU arguments
};

/// What may happen to the tests of one run.
enum class TestsRule {
	pass, ///< every test ok; skips are listed, but not every test may be skipped
	any,  ///< tests may fail or be skipped (a kernel without the feature); all else still holds
	skip, ///< every test is skipped: the feature is not there and the tests must notice
	none, ///< the script prints no KTAP at all (it only measures)
};

/// One boot of one kernel.
struct RunSpec {
	std::string name;    ///< heading of its column
	std::string kernel;  ///< role: stock, patched, ...
	std::string variant; ///< kernel configuration; empty: the scenario's
	std::string cmdline; ///< added to the common one
	std::string args;    ///< $1... of the guest script
	TestsRule tests = TestsRule::pass;
	std::string reason; ///< why anything but `pass` is right here
	std::optional<int> max_skipped;
	/// A negative control: so many tests are "not ok" at least, or the tests test nothing.
	std::optional<int> min_failed;
	bool optional =
		false; ///< may be left out if there is no kernel for it (reported as not run)
	std::optional<Hardware> hardware; ///< instead of the scenario's
};

/// A file or folder for the initramfs.
struct GuestFile {
	std::string to; ///< absolute path in the guest
	std::string
		from; ///< "bin:NAME", "selftests:", "kernel:" or a path relative to the scenario
	bool optional = false;
};

/// One QMP command, and the event to wait for before the guest gets its answer.
struct QmpAction {
	std::string execute;
	std::string arguments;  ///< a JSON object as text; empty: none
	std::string wait_event; ///< empty: none
	double timeout = 30;    ///< seconds for the event
};

/// Actions that the guest asks for by name (`hm_step NAME`).
struct Step {
	std::string name;
	std::vector<QmpAction> actions;
};

/// A bound on a metric: outside of it the run fails.
struct Bound {
	std::string metric;
	std::string run; ///< of which run; empty: of each
	std::optional<double> min;
	std::optional<double> max;
	std::string reason;
};

/// A figure to beat: shown as met or missed; fails the run with --strict-targets alone.
struct Target {
	std::string run;
	std::optional<double> min;
	std::optional<double> max;
	std::string
		of; ///< not empty: min and max are ratios to this run's value of the same metric
};

/// One row of the side-by-side table.
struct ReportRow {
	std::string label;
	std::string metric;
	int digits = -1;  ///< after the point; -1: as few as needed
	double scale = 1; ///< the value is multiplied by this
	std::string unit;
	std::vector<Target> targets;
};

struct Scenario {
	std::filesystem::path file;
	std::string name;
	std::string about;
	std::string variant = "tiny";
	Hardware hardware;
	std::string cmdline;
	std::string script; ///< file beside the scenario
	std::vector<GuestFile> files;
	std::vector<Step> steps;
	std::vector<RunSpec> runs;
	double timeout = 120; ///< seconds of one boot
	std::vector<dmesg::Allow> allow_dmesg;
	std::vector<Bound> bounds;
	std::vector<ReportRow> rows;
	/// For scenarios that prove a gate: each expression must match a failure of each run, which
	/// then counts as passed; a run without that failure fails.
	std::vector<std::string> must_fail;
	std::vector<std::string> blocks; ///< text blocks shown side by side, in this order
};

/// Parses and validates; errors name the file and the key.
Result<Scenario> parse_scenario(const std::string &text, const std::filesystem::path &file);
Result<Scenario> read_scenario(const std::filesystem::path &file);

/// "8G" as bytes; an error for anything that is not a number with an optional K, M, G or T.
Result<unsigned long long> parse_size(const std::string &text);

} // namespace hm::vm
