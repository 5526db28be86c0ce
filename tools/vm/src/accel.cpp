// SPDX-License-Identifier: GPL-2.0-only
#include "accel.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files.hpp"
#include "initramfs.hpp"
#include "process.hpp"
#include "qemu.hpp"
#include "results.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{
namespace
{

constexpr double probe_limit = 20;           // seconds; TCG takes about 3
constexpr long long valid_for = 7LL * 86400; // seconds

long long unix_time()
{
	return std::chrono::duration_cast<std::chrono::seconds>(
		       std::chrono::system_clock::now().time_since_epoch())
		.count();
}

/// What the answer depends on: other host kernel or other QEMU, other answer.
std::string host_key()
{
	struct utsname uts {
	};
	::uname(&uts);
	std::string version = "unknown";
	if (auto text = run_output({.argv = {"qemu-system-x86_64", "--version"}}))
		version = text->substr(0, text->find('\n'));
	return fmt::format("{} {} {}; {}", uts.sysname, uts.release, uts.version, version);
}

Result<KvmAnswer> boot_probe(const fs::path &kernel, const fs::path &guest_dir)
{
	auto tmp = TempDir::make("hm-kvm-probe");
	if (!tmp)
		return tl::unexpected(tmp.error());
	const fs::path script = tmp->path() / "script";
	if (auto st = write_file(script, "plan 1\nok alive\n"); !st)
		return tl::unexpected(st.error());
	auto cpio = make_initramfs(
		{.guest_dir = guest_dir, .script = script, .entries = {}, .arguments = ""});
	if (!cpio)
		return tl::unexpected(cpio.error());
	const fs::path initramfs = tmp->path() / "initramfs.cpio";
	if (auto st = write_file(initramfs, *cpio); !st)
		return tl::unexpected(st.error());
	Boot boot;
	boot.kernel = kernel;
	boot.initramfs = initramfs;
	boot.hardware.memory = "512M";
	boot.hardware.cpu = "host";
	boot.kvm = true;
	boot.timeout = probe_limit;
	boot.out = tmp->path() / "out";
	auto ending = run_guest(boot, {});
	if (!ending)
		return tl::unexpected(ending.error());
	if (ending->powered_off && parse_results(ending->results).exit_status == 0)
		return KvmAnswer{true, fmt::format("an ordinary guest booted under KVM in {:.1f} s",
						   ending->seconds)};
	if (ending->timed_out)
		return KvmAnswer{
			false,
			fmt::format("/dev/kvm is there, but an ordinary guest did not come up "
				    "within {:.0f} s",
				    probe_limit)};
	return KvmAnswer{false, "/dev/kvm is there, but an ordinary guest did not run under it"};
}

} // namespace

Result<KvmAnswer> probe_kvm(const fs::path &kernel, const fs::path &guest_dir)
{
	if (::access("/dev/kvm", F_OK) != 0)
		return KvmAnswer{false, "there is no /dev/kvm"};
	if (::access("/dev/kvm", R_OK | W_OK) != 0)
		return KvmAnswer{false, "/dev/kvm may not be opened by this user"};
	const fs::path file = cache_dir() / "guest" / "kvm-probe.json";
	const std::string key = host_key();
	if (const auto text = read_file(file)) {
		const auto kept = nlohmann::json::parse(*text, nullptr, false);
		if (kept.is_object() && kept.value("host", "") == key) {
			const long long when = kept.value("time", 0LL);
			if (when <= unix_time() && unix_time() - when < valid_for)
				return KvmAnswer{
					kept.value("works", false),
					fmt::format("{} (seen {:%F %H:%M} UTC)",
						    kept.value("why", ""),
						    fmt::gmtime(static_cast<std::time_t>(when)))};
		}
	}
	auto answer = boot_probe(kernel, guest_dir);
	if (!answer)
		return answer;
	const nlohmann::json kept = {{"host", key},
				     {"time", unix_time()},
				     {"works", answer->works},
				     {"why", answer->why}};
	if (auto st = write_file(file, kept.dump(2) + "\n"); !st)
		return tl::unexpected(st.error());
	return answer;
}

} // namespace hm::vm
