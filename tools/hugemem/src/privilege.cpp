// SPDX-License-Identifier: GPL-2.0-only
#include "privilege.hpp"

#include <sys/resource.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "btf.hpp"
#include "text_file.hpp"

namespace hugemem
{
namespace
{

bool in(std::uint64_t caps, Cap cap)
{
	return caps >> static_cast<unsigned>(cap) & 1;
}

constexpr const char *be_root = "run as root, or with sudo";

} // namespace

std::uint64_t caps_in(const std::string &status)
{
	constexpr std::string_view key = "\nCapEff:\t";
	const auto at = status.find(key);
	std::uint64_t caps = 0;
	if (at != std::string::npos)
		std::from_chars(status.data() + at + key.size(), status.data() + status.size(),
				caps, 16);
	return caps;
}

std::uint64_t effective_caps()
{
	const auto status = read_text("/proc/self/status");
	return status ? caps_in(*status) : 0;
}

bool has_cap(Cap cap)
{
	return in(effective_caps(), cap);
}

Result<void> require_bpf()
{
	const std::uint64_t caps = effective_caps();
	if (in(caps, Cap::sys_admin))
		return {};
	std::vector<std::string> missing;
	if (!in(caps, Cap::bpf))
		missing.emplace_back("CAP_BPF");
	if (!in(caps, Cap::perfmon))
		missing.emplace_back("CAP_PERFMON");
	if (missing.empty())
		return {};
	return fail(Exit::environment, "permission",
		    fmt::format("this process lacks {}", fmt::join(missing, " and ")), be_root);
}

Result<void> require_page_flags()
{
	if (has_cap(Cap::sys_admin))
		return {};
	return fail(
		Exit::environment, "permission",
		"/proc/kpageflags and /proc/self/pagemap show page frames to CAP_SYS_ADMIN only",
		be_root);
}

std::string memlock_hint(int error)
{
	// Where maps are charged to the user, a map has a record of it.
	const auto btf = KernelBtf::load();
	if (btf && !btf->has_struct("bpf_map_memory"))
		return {};
	rlimit limit{};
	if (std::abs(error) != EPERM || has_cap(Cap::sys_resource) ||
	    ::getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_max == RLIM_INFINITY)
		return {};
	return fmt::format("RLIMIT_MEMLOCK is {} KiB and cannot be raised without "
			   "CAP_SYS_RESOURCE",
			   limit.rlim_max / 1024);
}

std::string lockdown_in(const std::string &text)
{
	const auto open = text.find('[');
	const auto close = text.find(']');
	if (open == std::string::npos || close == std::string::npos || close < open)
		return {};
	return text.substr(open + 1, close - open - 1);
}

std::string lockdown()
{
	const auto text = read_text("/sys/kernel/security/lockdown");
	return text ? lockdown_in(*text) : std::string();
}

} // namespace hugemem
