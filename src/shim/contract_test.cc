#include "shim/contract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "os/fd.h"
#include "os/remove_tree.h"

namespace aileron::shim {
namespace {

using sandbox::Capability;
using sandbox::State;
using ::testing::HasSubstr;

constexpr std::string_view kAuthority =
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

class ContractTest : public ::testing::Test {
 protected:
  ContractTest() {
    contract_.root = "/tmp/contract-test-XXXXXX";
    EXPECT_NE(mkdtemp(contract_.root.data()), nullptr);
    for (const char* folder : {"/work", "/home/a", "/tmp", "/etc", "/bin"}) Folder(folder);
    contract_.workspace = "/work";
    contract_.uid = 1000;
    contract_.environment = {"PATH=/bin:/opt", "HOME=/home/a", "SSL_CERT_FILE=/bundle.pem"};
    File("/etc/passwd", "root:x:0:0::/:/bin/sh\na:x:1000:1000::/home/a:/bin/sh\n");
    File("/etc/os-release", "ID=alpine\nPRETTY_NAME=\"Alpine Linux\"\n");
    File("/bin/sh", "#!/bin/busybox\n", 0755);
    File("/bin/busybox", "text", 0755);
    File("/run/aileron/ca.pem", kAuthority);
    File("/bundle.pem", std::string("others\n") + std::string(kAuthority));
    File("/etc/ssl/certs/ca-certificates.crt", std::string(kAuthority) + "more\n");
  }
  ~ContractTest() override { (void)os::RemoveTree(contract_.root); }

  void Folder(const std::string& path) {
    EXPECT_TRUE(os::MakeFolders(contract_.root + path, 0755));
  }
  void File(const std::string& path, std::string_view text, mode_t mode = 0644) {
    Folder(path.substr(0, path.rfind('/')));
    EXPECT_TRUE(os::ReplaceFile(contract_.root + path, text, mode));
    EXPECT_EQ(chmod((contract_.root + path).c_str(), mode), 0);
  }
  Capability Of(std::string_view name) {
    for (Capability& one : CheckContract(contract_)) {
      if (one.name == name) return one;
    }
    return {"", State::kMissing, "not looked at", ""};
  }

  Contract contract_;
};

TEST_F(ContractTest, WhereAllIsThereNothingIsMissing) {
  for (const Capability& one : CheckContract(contract_)) {
    EXPECT_EQ(one.state, State::kOk) << one.name << ": " << one.detail;
    EXPECT_EQ(one.fix, "") << one.name;
  }
  EXPECT_EQ(Of("distribution").detail, "Alpine Linux");
  EXPECT_EQ(Of("user").detail, "a (1000)");
}

TEST_F(ContractTest, AProgramThatIsNotThereIsToldWithItsPackage) {
  contract_.programs = {"git", "claude", "odd"};
  EXPECT_EQ(Of("program git").state, State::kMissing);
  EXPECT_EQ(Of("program git").fix, "apk add git");
  EXPECT_THAT(Of("program git").detail, HasSubstr("/bin:/opt"));
  EXPECT_EQ(Of("program claude").fix, "npm install -g @anthropic-ai/claude-code");
  EXPECT_EQ(Of("program odd").fix, "");
}

TEST_F(ContractTest, WhatAProgramIsRunByHasToBeThere) {
  contract_.programs = {"tool"};
  File("/opt/tool", "#!/usr/bin/node\n", 0755);
  EXPECT_EQ(Of("program tool").state, State::kMissing);
  EXPECT_THAT(Of("program tool").detail, HasSubstr("/opt/tool is run by /usr/bin/node"));
  EXPECT_EQ(Of("program tool").fix, "apk add nodejs");
  File("/usr/bin/node", "#!/bin/busybox\n", 0755);
  EXPECT_EQ(Of("program tool").state, State::kOk);
  File("/opt/tool", os::ReadFile("/bin/sh").value(), 0755);
  EXPECT_THAT(Of("program tool").detail, HasSubstr("ld-linux-x86-64.so.2, which is not there"));
  EXPECT_EQ(Of("program tool").fix, "apk add gcompat");
  File("/opt/tool", "#!/opt/tool\n", 0755);  // of itself, without an end
  EXPECT_EQ(Of("program tool").state, State::kOk);
}

TEST_F(ContractTest, AProgramThatCannotBeExecutedIsToldSo) {
  contract_.programs = {"tool"};
  File("/opt/tool", "#!/bin/sh\n", 0644);
  EXPECT_EQ(Of("program tool").state, State::kMissing);
  EXPECT_EQ(Of("program tool").fix, "chmod a+rx /opt/tool");
}

TEST_F(ContractTest, AFifoInThePlaceOfAFileHoldsNobody) {
  contract_.programs = {"tool"};
  Folder("/opt");
  ASSERT_EQ(mkfifo((contract_.root + "/opt/tool").c_str(), 0755), 0);
  ASSERT_EQ(unlink((contract_.root + "/etc/passwd").c_str()), 0);
  ASSERT_EQ(mkfifo((contract_.root + "/etc/passwd").c_str(), 0644), 0);
  EXPECT_EQ(Of("user").state, State::kLimited);
}

TEST_F(ContractTest, AnAuthorityThatIsNowhereIsMissing) {
  File("/etc/ssl/certs/ca-certificates.crt", "others\n");
  EXPECT_EQ(Of("session authority").state, State::kLimited);
  EXPECT_THAT(Of("session authority").detail, HasSubstr("ca-certificates.crt does not have it"));
  ASSERT_EQ(unlink((contract_.root + "/etc/ssl/certs/ca-certificates.crt").c_str()), 0);
  EXPECT_EQ(Of("session authority").state, State::kLimited);
  EXPECT_EQ(Of("session authority").fix, "apk add ca-certificates");
  contract_.environment.pop_back();
  EXPECT_EQ(Of("session authority").state, State::kMissing);
  ASSERT_EQ(unlink((contract_.root + "/run/aileron/ca.pem").c_str()), 0);
  EXPECT_THAT(Of("session authority").detail, HasSubstr("ca.pem is not there"));
}

TEST_F(ContractTest, StoresOfTheirOwnAreNamedWithWhatFillsThem) {
  EXPECT_EQ(Of("Java's trust store").detail, "not looked at");
  File("/bin/java", "#!/bin/sh\n", 0755);
  EXPECT_EQ(Of("Java's trust store").state, State::kLimited);
  EXPECT_THAT(Of("Java's trust store").fix, HasSubstr("keytool -importcert"));
  // The store of the virtual machine itself, wherever it is.
  File("/run/aileron/ca.pem", "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n");
  File("/lib/security/cacerts", std::string("before \x30\x03\x02\x01\x01 after"));
  EXPECT_EQ(Of("Java's trust store").state, State::kOk);
  // The one that wins is the one that counts.
  File("/lib/security/jssecacerts", "others");
  EXPECT_EQ(Of("Java's trust store").state, State::kLimited);
  File("/lib/security/jssecacerts", std::string("before \x30\x03\x02\x01\x01 after"));
  EXPECT_THAT(Of("Java's trust store").detail, HasSubstr("jssecacerts"));
  File("/lib/security/jssecacerts", "others");
  File("/lib/security/cacerts", "others");
  EXPECT_EQ(Of("Java's trust store").state, State::kLimited);
  contract_.environment.emplace_back("JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=/t");
  EXPECT_EQ(Of("Java's trust store").state, State::kOk);
  File("/bin/chromium", "#!/bin/sh\n", 0755);
  EXPECT_EQ(Of("NSS's trust store").fix, "apk add nss-tools");
  File("/bin/certutil", "#!/bin/sh\n", 0755);
  EXPECT_THAT(Of("NSS's trust store").fix, HasSubstr("certutil -d sql:$HOME/.pki/nssdb -A"));
}

TEST_F(ContractTest, AFolderThatCannotBeWrittenIsMissingUnlessItWasAskedFor) {
  contract_.workspace = "/nowhere";
  EXPECT_EQ(Of("workspace").state, State::kMissing);
  contract_.read_only = true;
  EXPECT_EQ(Of("workspace").state, State::kOk);
}

}  // namespace
}  // namespace aileron::shim
