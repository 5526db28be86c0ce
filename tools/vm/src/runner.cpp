// SPDX-License-Identifier: GPL-2.0-only
#include "runner.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "files.hpp"
#include "initramfs.hpp"
#include "stop.hpp"
#include "term.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{
namespace
{

/// One boot that is to be done.
struct Job {
	const Scenario *scenario = nullptr;
	const RunSpec *run = nullptr;
	fs::path kernel; ///< empty: not given
	Verdict *verdict = nullptr;
};

std::optional<fs::path> kernel_for(const RunnerOptions &options, const std::string &role,
				   const std::string &variant)
{
	auto it = options.kernels.find(role + "/" + variant);
	if (it == options.kernels.end() && variant == "tiny")
		it = options.kernels.find(role);
	if (it == options.kernels.end())
		return std::nullopt;
	return it->second;
}

/// Where a file of the scenario lies on the host; nothing if it is optional and not there.
/// `kernel` is the image of the run.
Result<std::optional<fs::path>> locate(const Scenario &scenario, const GuestFile &file,
				       const fs::path &kernel, const RunnerOptions &options)
{
	if (file.from == "kernel:")
		return kernel;
	std::vector<fs::path> places;
	std::string hint;
	if (file.from.rfind("bin:", 0) == 0) {
		for (const fs::path &dir : options.bin)
			places.push_back(dir / file.from.substr(4));
		hint = "build it first (cmake --build build), or name its folder with --bin";
	} else if (file.from.rfind("selftests:", 0) == 0) {
		if (!options.selftests.empty())
			places.push_back(options.selftests / file.from.substr(10));
		hint = "build them: hm-vm selftests --src selftests --ksrc TREE";
	} else {
		places.push_back(scenario.file.parent_path() / file.from);
	}
	for (const fs::path &place : places) {
		if (fs::exists(place))
			return place;
	}
	if (file.optional && !options.complete)
		return std::nullopt;
	return fail(Exit::environment,
		    fmt::format("{}: {} is not there", scenario.file.string(), file.from), hint);
}

class Runner
{
public:
	explicit Runner(const RunnerOptions &options) : options_(options) {}

	Status prepare(std::vector<Outcome> &outcomes)
	{
		bool wants_kvm = false;
		for (Outcome &outcome : outcomes) {
			outcome.verdicts.resize(outcome.scenario.runs.size());
			for (size_t i = 0; i < outcome.scenario.runs.size(); ++i) {
				const RunSpec &run = outcome.scenario.runs[i];
				Job job{&outcome.scenario, &run, {}, &outcome.verdicts[i]};
				if (auto st = find_kernel(job); !st)
					return st;
				const Hardware &hw =
					run.hardware ? *run.hardware : outcome.scenario.hardware;
				wants_kvm = wants_kvm || hw.machine == Machine::normal;
				jobs_.push_back(std::move(job));
			}
		}
		return wants_kvm ? choose_accel() : Status{};
	}

	Status run_all()
	{
		std::vector<std::thread> threads;
		const unsigned count = std::max(1U, options_.jobs);
		for (unsigned i = 1; i < count; ++i)
			threads.emplace_back([this] { work(); });
		work();
		for (std::thread &thread : threads)
			thread.join();
		if (error_)
			return tl::unexpected(*error_);
		return {};
	}

private:
	Status find_kernel(Job &job)
	{
		const std::string &variant =
			job.run->variant.empty() ? job.scenario->variant : job.run->variant;
		job.verdict->run = job.run->name;
		job.verdict->kernel = job.run->kernel;
		const auto build = kernel_for(options_, job.run->kernel, variant);
		if (!build) {
			const std::string option =
				variant == "tiny" ? fmt::format("--kernel {}=DIR", job.run->kernel)
						  : fmt::format("--kernel {}/{}=DIR",
								job.run->kernel, variant);
			if (!options_.partial && !job.run->optional)
				return fail(
					Exit::usage,
					fmt::format(
						"{}: run \"{}\" needs a {} kernel of variant {}",
						job.scenario->name, job.run->name, job.run->kernel,
						variant),
					fmt::format("give {}, or --partial to leave such runs out",
						    option));
			job.verdict->why_not = fmt::format("not run: no {}", option);
			return {};
		}
		auto image = find_image(*build);
		if (!image)
			return tl::unexpected(image.error());
		job.kernel = std::move(*image);
		return {};
	}

	Status choose_accel()
	{
		if (options_.accel == AccelChoice::tcg)
			return {};
		if (options_.accel == AccelChoice::kvm) {
			kvm_ = true;
			return {};
		}
		for (const Job &job : jobs_) {
			if (job.kernel.empty())
				continue;
			auto answer = probe_kvm(job.kernel, options_.guest_dir);
			if (!answer)
				return tl::unexpected(answer.error());
			kvm_ = answer->works;
			term::say(fmt::format("accelerator: {}: {}", kvm_ ? "KVM" : "TCG",
					      answer->why));
			break;
		}
		return {};
	}

	void work()
	{
		for (;;) {
			const size_t index = next_++;
			if (index >= jobs_.size() || stop::requested())
				return;
			{
				const std::lock_guard guard(lock_);
				if (error_)
					return;
			}
			if (auto st = run_one(jobs_[index]); !st) {
				const std::lock_guard guard(lock_);
				if (!error_)
					error_ = st.error();
				return;
			}
		}
	}

	Result<Boot> make_boot(const Job &job, const fs::path &dir, const fs::path &initramfs,
			       std::vector<std::string> &missing)
	{
		InitramfsSpec spec;
		spec.guest_dir = options_.guest_dir;
		spec.script = job.scenario->file.parent_path() / job.scenario->script;
		spec.arguments = job.run->args;
		for (const GuestFile &file : job.scenario->files) {
			auto place = locate(*job.scenario, file, job.kernel, options_);
			if (!place)
				return tl::unexpected(place.error());
			if (*place)
				spec.entries.push_back({file.to, **place});
			else
				missing.push_back(
					fmt::format("not built, left out: {}", file.from));
		}
		auto cpio = make_initramfs(spec);
		if (!cpio)
			return tl::unexpected(cpio.error());
		if (auto st = write_file(initramfs, *cpio); !st)
			return tl::unexpected(st.error());
		Boot boot;
		boot.kernel = job.kernel;
		boot.initramfs = initramfs;
		boot.hardware = job.run->hardware ? *job.run->hardware : job.scenario->hardware;
		boot.kvm = kvm_;
		boot.cmdline = fmt::format("{} {}", job.scenario->cmdline, job.run->cmdline);
		boot.steps = job.scenario->steps;
		boot.timeout = job.scenario->timeout * options_.time_factor;
		boot.out = dir;
		return boot;
	}

	Status run_one(const Job &job)
	{
		const std::string label = fmt::format("{} {}", job.scenario->name, job.run->name);
		const fs::path dir = options_.out / job.scenario->name / job.run->name;
		std::error_code ec;
		fs::remove_all(dir,
			       ec); // what an earlier run left must not be taken for this one's
		job.verdict->dir = dir;
		if (job.kernel.empty()) {
			announce(label, *job.verdict);
			return save(*job.verdict);
		}
		auto tmp = TempDir::make("hm-vm");
		if (!tmp)
			return tl::unexpected(tmp.error());
		std::vector<std::string> missing;
		const auto boot = make_boot(job, dir, tmp->path() / "initramfs.cpio", missing);
		if (!boot)
			return tl::unexpected(boot.error());
		const auto begin = std::chrono::steady_clock::now();
		const auto progress = [&](const std::string &line) {
			const std::chrono::duration<double> t =
				std::chrono::steady_clock::now() - begin;
			term::status(fmt::format("[{:6.1f} s] {}: {}", t.count(), label, line));
		};
		const auto ending = run_guest(*boot, progress);
		if (!ending)
			return tl::unexpected(ending.error());
		const auto allowed = options_.allow_list.empty()
					     ? Result<std::vector<dmesg::Allow>>{}
					     : dmesg::read_allow_list(options_.allow_list);
		if (!allowed)
			return tl::unexpected(allowed.error());
		*job.verdict = judge(*job.scenario, *job.run, *ending, *allowed);
		job.verdict->dir = dir;
		for (const std::string &step : ending->steps)
			job.verdict->remarks.push_back("step " + step);
		for (const std::string &file : missing)
			job.verdict->remarks.push_back(file);
		job.verdict->accel = describe(boot->hardware);
		announce(label, *job.verdict);
		return save(*job.verdict);
	}

	[[nodiscard]] std::string describe(const Hardware &hw) const
	{
		const char *accel = hw.machine == Machine::icount           ? "TCG, icount"
				    : kvm_ && hw.machine == Machine::normal ? "KVM"
									    : "TCG";
		return fmt::format("{}, {} CPU(s), {}", accel, hw.smp, hw.memory);
	}

	static void announce(const std::string &label, const Verdict &verdict)
	{
		if (!verdict.ran) {
			term::say(fmt::format("{} {:<40} {}",
					      term::paint(2, term::Colour::dim, "SKIP"), label,
					      verdict.why_not));
			return;
		}
		const auto [ok, failed, skipped] = verdict.counts;
		term::say(fmt::format("{} {:<40} {} ok, {} not ok, {} skipped, {:.1f} s",
				      verdict.passed() ? term::paint(2, term::Colour::good, "PASS")
						       : term::paint(2, term::Colour::bad, "FAIL"),
				      label, ok, failed, skipped, verdict.seconds));
		for (const std::string &failure : verdict.failures)
			term::say("     " + failure);
		if (!verdict.passed())
			term::say("     logs: " + verdict.dir.string());
	}

	const RunnerOptions &options_;
	std::vector<Job> jobs_;
	bool kvm_ = false;
	std::atomic<size_t> next_ = 0;
	std::mutex lock_;
	std::optional<Error> error_;
};

} // namespace

Result<std::vector<Outcome>> run_scenarios(const std::vector<Scenario> &scenarios,
					   const RunnerOptions &options)
{
	std::vector<Outcome> outcomes;
	outcomes.reserve(scenarios.size());
	for (const Scenario &scenario : scenarios)
		outcomes.push_back({scenario, {}});
	Runner runner(options);
	if (auto st = runner.prepare(outcomes); !st)
		return tl::unexpected(st.error());
	if (auto st = runner.run_all(); !st)
		return tl::unexpected(st.error());
	if (stop::requested())
		return fail(Exit::environment, "interrupted; no guest is left running",
			    "run the same command again");
	return outcomes;
}

} // namespace hm::vm
