// SPDX-License-Identifier: GPL-2.0-only
#include "process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include <fmt/format.h>

#include "files.hpp"
#include "stop.hpp"

namespace hm::vm
{
namespace
{

/// Runs in the child between fork and exec: system calls only.
[[noreturn]] void exec_child(const Spawn &spawn, char *const *argv, char *const *envp, int report,
			     pid_t parent)
{
	const auto give_up = [report] {
		const int err = errno;
		[[maybe_unused]] const auto n = ::write(report, &err, sizeof(err));
		::_exit(127);
	};
	::setpgid(0, 0);
	// If we are killed without a chance to clean up, the child must not outlive us.
	::prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (::getppid() != parent)
		::_exit(127);
	for (const int signo : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
		::signal(signo, SIG_DFL);
	const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
	::dup2(null, 0);
	const int out = spawn.out >= 0 ? spawn.out : null;
	::dup2(out, 1);
	::dup2(out, 2);
	for (const int fd : spawn.keep)
		::fcntl(fd, F_SETFD, 0);
	if (!spawn.cwd.empty() && ::chdir(spawn.cwd.c_str()) != 0)
		give_up();
	::execvpe(argv[0], argv, envp);
	give_up();
	::_exit(127);
}

/// Our environment with `extra` on top, as NAME=VALUE strings.
std::vector<std::string>
merged_environment(const std::vector<std::pair<std::string, std::string>> &extra)
{
	std::vector<std::string> vars;
	for (char **var = environ; *var; ++var) {
		const std::string_view entry(*var);
		const auto same_name = [&](const auto &pair) {
			return entry.substr(0, entry.find('=')) == pair.first;
		};
		if (std::none_of(extra.begin(), extra.end(), same_name))
			vars.emplace_back(entry);
	}
	for (const auto &[name, value] : extra)
		vars.push_back(name + "=" + value);
	return vars;
}

std::vector<char *> pointers(const std::vector<std::string> &strings)
{
	std::vector<char *> list;
	list.reserve(strings.size() + 1);
	for (const auto &string : strings)
		list.push_back(
			const_cast<char *>(string.c_str())); // exec's signature is older than const
	list.push_back(nullptr);
	return list;
}

int decode(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

Result<Child> Child::start(const Spawn &spawn)
{
	const std::vector<std::string> env = merged_environment(spawn.env);
	const std::vector<char *> argv = pointers(spawn.argv);
	const std::vector<char *> envp = pointers(env);

	std::array<int, 2> report{};
	if (::pipe2(report.data(), O_CLOEXEC) != 0)
		return fail_errno("pipe");
	Fd read_end(report[0]);
	Fd write_end(report[1]);

	const pid_t parent = ::getpid();
	const pid_t pid = ::fork();
	if (pid < 0)
		return fail_errno("fork");
	if (pid == 0)
		exec_child(spawn, argv.data(), envp.data(), report[1], parent);
	::setpgid(pid, pid); // both sides do it, whoever comes first
	Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
	Child child(pid, std::move(pidfd));
	write_end.reset();
	int err = 0;
	ssize_t n = 0;
	do
		n = ::read(read_end.get(), &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	if (n == static_cast<ssize_t>(sizeof(err))) {
		child.wait();
		return fail_errno(fmt::format("cannot start {}", spawn.argv.front()), err);
	}
	if (!child.pidfd_.valid())
		return fail_errno("pidfd_open (Linux 5.3 or later is needed)");
	return child;
}

Child::~Child()
{
	if (pid_ > 0 && status_ < 0)
		end(0);
}

int Child::wait()
{
	if (status_ >= 0)
		return status_;
	int status = 0;
	while (::waitpid(pid_, &status, 0) < 0) {
		if (errno != EINTR)
			return 127;
	}
	status_ = decode(status);
	return status_;
}

void Child::end(int grace_ms)
{
	if (pid_ <= 0 || status_ >= 0)
		return;
	if (grace_ms > 0) {
		::kill(-pid_, SIGTERM);
		struct pollfd pfd = {pidfd_.get(), POLLIN, 0};
		::poll(&pfd, 1, grace_ms);
	}
	::kill(-pid_, SIGKILL);
	wait();
}

double starved_seconds(pid_t pid)
{
	double worst = 0;
	std::error_code ec;
	const auto tasks =
		std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), ec);
	if (ec)
		return 0;
	for (const auto &task : tasks) {
		const auto text = read_file(task.path() / "schedstat");
		if (!text)
			continue;
		// nanoseconds on a processor, nanoseconds waiting for one, time slices
		const size_t blank = text->find(' ');
		if (blank != std::string::npos)
			worst = std::max(worst, std::strtod(text->c_str() + blank, nullptr) / 1e9);
	}
	return worst;
}

Result<int> run_logged(Spawn spawn, const std::filesystem::path &log,
		       const std::function<void(double)> &tick)
{
	if (log.has_parent_path()) {
		if (auto st = make_dirs(log.parent_path()); !st)
			return tl::unexpected(st.error());
	}
	const Fd out(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
	if (!out.valid())
		return fail_errno(log.string());
	spawn.out = out.get();
	const std::string header = fmt::format("$ {}\n", fmt::join(spawn.argv, " "));
	[[maybe_unused]] const auto n = ::write(out.get(), header.data(), header.size());

	auto child = Child::start(spawn);
	if (!child)
		return tl::unexpected(child.error());
	const auto begin = std::chrono::steady_clock::now();
	for (;;) {
		std::array<struct pollfd, 2> pfds = {
			{{child->pidfd(), POLLIN, 0}, {stop::fd(), POLLIN, 0}}};
		::poll(pfds.data(), pfds.size(), 1000);
		if (stop::requested()) {
			child->end(3000);
			return fail(Exit::environment,
				    fmt::format("{}: interrupted", spawn.argv.front()),
				    "run the same command again, it carries on");
		}
		if (pfds[0].revents)
			return child->wait();
		if (tick) {
			const std::chrono::duration<double> took =
				std::chrono::steady_clock::now() - begin;
			tick(took.count());
		}
	}
}

Result<std::string> run_output(Spawn spawn)
{
	std::array<int, 2> ends{};
	if (::pipe2(ends.data(), O_CLOEXEC) != 0)
		return fail_errno("pipe");
	const Fd reader(ends[0]);
	Fd writer(ends[1]);
	spawn.out = writer.get();
	auto child = Child::start(spawn);
	if (!child)
		return tl::unexpected(child.error());
	writer.reset();
	std::string text;
	std::array<char, 4096> buf{};
	for (;;) {
		const ssize_t n = ::read(reader.get(), buf.data(), buf.size());
		if (n > 0)
			text.append(buf.data(), static_cast<size_t>(n));
		else if (n == 0 || errno != EINTR || stop::requested())
			break;
	}
	const int status = child->wait();
	if (status != 0)
		return fail(Exit::environment,
			    fmt::format("{}: exit status {}: {}", fmt::join(spawn.argv, " "),
					status, text));
	return text;
}

} // namespace hm::vm
