// RUN: ingot-opt %s --split-input-file --plan-arena | FileCheck %s

// Lifetimes that do not overlap share memory: %c lies where %a was. Each buffer is reported with the steps between which it lives.
// CHECK-LABEL: plan.entry @chain(
// CHECK-SAME: %[[W:[a-z0-9]+]]: memref<?xi8>
// CHECK-SAME: arena = [
// CHECK-SAME: {bytes = "4096", first = 0 : i64, last = 1 : i64, name = "", offset = "0"}
// CHECK-SAME: {bytes = "4096", first = 1 : i64, last = 2 : i64, name = "", offset = "4096"}
// CHECK-SAME: {bytes = "4000", first = 2 : i64, last = 3 : i64, name = "", offset = "0"}
// CHECK-SAME: workspace_bytes = "8192"
// CHECK: plan.slice %[[W]]["0"] count "1024"
// CHECK: plan.slice %[[W]]["4096"] count "1024"
// CHECK: plan.slice %[[W]]["0"] count "1000"
plan.model @m {
  plan.kernel @k(%x: memref<?xf32>, %y: memref<?xf32>) attributes {symbols = [], writes = [1]} {
    plan.return
  }
  plan.entry @chain(%x: memref<?xf32> {plan.role = "input"}, %y: memref<?xf32> {plan.role = "output"}, %w: memref<?xi8> {plan.role = "workspace"}) {
    %a = plan.alloc "1024" : memref<?xf32>
    plan.launch @k(%x, %a) : memref<?xf32>, memref<?xf32>
    %b = plan.alloc "1024" : memref<?xf32>
    plan.launch @k(%a, %b) : memref<?xf32>, memref<?xf32>
    %c = plan.alloc "1000" : memref<?xf32>
    plan.launch @k(%b, %c) : memref<?xf32>, memref<?xf32>
    plan.launch @k(%c, %y) : memref<?xf32>, memref<?xf32>
    plan.return
  }
}

// -----

// Sizes by symbols: the offset of a slot is the sum of those before it, a shared one is as large as the largest that it may have to hold.
// CHECK-LABEL: plan.entry @symbols(
// CHECK-SAME: workspace_bytes = "max(64*m, 64*n) + 64*n"
// CHECK: plan.slice %{{.*}}["0"] count "16*n"
// CHECK: plan.slice %{{.*}}["max(64*m, 64*n)"] count "16*n"
// CHECK: plan.slice %{{.*}}["0"] count "16*m"
plan.model @m {
  plan.kernel @k(%x: memref<?xf32>, %y: memref<?xf32>) attributes {symbols = [], writes = [1]} {
    plan.return
  }
  plan.entry @symbols(%n: index {plan.role = "symbol", plan.name = "n"}, %m: index {plan.role = "symbol", plan.name = "m"},
      %x: memref<?xf32> {plan.role = "input"}, %y: memref<?xf32> {plan.role = "output"}, %w: memref<?xi8> {plan.role = "workspace"}) {
    %a = plan.alloc "16*n" : memref<?xf32>
    plan.launch @k(%x, %a) : memref<?xf32>, memref<?xf32>
    %b = plan.alloc "16*n" : memref<?xf32>
    plan.launch @k(%a, %b) : memref<?xf32>, memref<?xf32>
    %c = plan.alloc "16*m" : memref<?xf32>
    plan.launch @k(%b, %c) : memref<?xf32>, memref<?xf32>
    plan.launch @k(%c, %y) : memref<?xf32>, memref<?xf32>
    plan.return
  }
}

// -----

// What a branch hands over lives on under the branch's result: %b must not lie in either, which may lie in the same place.
// CHECK-LABEL: plan.entry @branch(
// CHECK-SAME: workspace_bytes = "8256"
// CHECK: plan.slice %{{.*}}["4160"] count "1024"
// CHECK: plan.slice %{{.*}}["4160"] count "1024"
// CHECK: plan.slice %{{.*}}["0"] count "1025"
plan.model @m {
  plan.kernel @k(%x: memref<?xf32>, %y: memref<?xf32>) attributes {symbols = [], writes = [1]} {
    plan.return
  }
  plan.entry @branch(%x: memref<?xf32> {plan.role = "input"}, %y: memref<?xf32> {plan.role = "output"}, %w: memref<?xi8> {plan.role = "workspace"}) {
    %go = plan.read %x[0] : memref<?xf32> -> i1
    %r = scf.if %go -> (memref<?xf32>) {
      %a = plan.alloc "1024" : memref<?xf32>
      plan.launch @k(%x, %a) : memref<?xf32>, memref<?xf32>
      scf.yield %a : memref<?xf32>
    } else {
      %c = plan.alloc "1024" : memref<?xf32>
      plan.launch @k(%x, %c) : memref<?xf32>, memref<?xf32>
      scf.yield %c : memref<?xf32>
    }
    %b = plan.alloc "1025" : memref<?xf32>
    plan.launch @k(%x, %b) : memref<?xf32>, memref<?xf32>
    plan.launch @k(%r, %b) : memref<?xf32>, memref<?xf32>
    plan.launch @k(%b, %y) : memref<?xf32>, memref<?xf32>
    plan.return
  }
}

// -----

// Branches within a branch: %a and %c are in one, both alive; %d is in the other and shares with them.
// CHECK-LABEL: plan.entry @nested(
// CHECK-SAME: workspace_bytes = "8192"
// CHECK: %[[A:.*]] = plan.slice %{{.*}}["0"] count "1024"
// CHECK: %[[C:.*]] = plan.slice %{{.*}}["4096"] count "1024"
// CHECK: %[[D:.*]] = plan.slice %{{.*}}["0"] count "1024"
plan.model @m {
  plan.kernel @k(%x: memref<?xf32>, %y: memref<?xf32>) attributes {symbols = [], writes = [1]} {
    plan.return
  }
  plan.entry @nested(%x: memref<?xf32> {plan.role = "input"}, %y: memref<?xf32> {plan.role = "output"}, %w: memref<?xi8> {plan.role = "workspace"}) {
    %go = plan.read %x[0] : memref<?xf32> -> i1
    %r = scf.if %go -> (memref<?xf32>) {
      %a = plan.alloc "1024" : memref<?xf32>
      plan.launch @k(%x, %a) : memref<?xf32>, memref<?xf32>
      %also = plan.read %x[1] : memref<?xf32> -> i1
      scf.if %also {
        %c = plan.alloc "1024" : memref<?xf32>
        plan.launch @k(%a, %c) : memref<?xf32>, memref<?xf32>
        plan.launch @k(%c, %y) : memref<?xf32>, memref<?xf32>
      }
      scf.yield %a : memref<?xf32>
    } else {
      %d = plan.alloc "1024" : memref<?xf32>
      plan.launch @k(%x, %d) : memref<?xf32>, memref<?xf32>
      scf.yield %d : memref<?xf32>
    }
    plan.launch @k(%r, %y) : memref<?xf32>, memref<?xf32>
    plan.return
  }
}

// -----

// A branch that only large sizes take keeps nothing for others; one that only the data rule out does, and so do constants.
// CHECK-LABEL: plan.entry @few(
// CHECK-SAME: arena = [{bytes = "64",
// CHECK-SAME: {bytes = "64*n",
// CHECK-SAME: {bytes = "64*min(1, floordiv(n, 16))*n",
// CHECK-SAME: {bytes = "64*n",
// CHECK-SAME: workspace_bytes = "64*min(1, floordiv(n, 16))*n + 64*n + 64"
// CHECK: plan.slice %{{.*}}["64"] count "16*n"
// CHECK: } else {
// CHECK: plan.slice %{{.*}}["64*n + 64"] count "16*n"
// CHECK: plan.slice %{{.*}}["0"] count "16"
// CHECK: } else {
// CHECK: plan.slice %{{.*}}["64"] count "16*n"
plan.model @m {
  plan.kernel @k(%x: memref<?xf32>, %y: memref<?xf32>) attributes {symbols = [], writes = [1]} {
    plan.return
  }
  plan.entry @few(%n: index {plan.role = "symbol", plan.name = "n"}, %x: memref<?xf32> {plan.role = "input"},
      %y: memref<?xf32> {plan.role = "output"}, %w: memref<?xi8> {plan.role = "workspace"}) {
    %few = plan.read %x[0] : memref<?xf32> -> i1
    %r = plan.alloc "16*n" : memref<?xf32>
    scf.if %few {
      plan.launch @k(%x, %r) : memref<?xf32>, memref<?xf32>
    } else {
      %t = plan.alloc "16*n" if_positive "floordiv(n, 16)" : memref<?xf32>
      %u = plan.alloc "16" if_positive "floordiv(n, 16)" : memref<?xf32>
      plan.launch @k(%x, %t) : memref<?xf32>, memref<?xf32>
      plan.launch @k(%t, %u) : memref<?xf32>, memref<?xf32>
      plan.launch @k(%u, %r) : memref<?xf32>, memref<?xf32>
    }
    plan.launch @k(%r, %y) : memref<?xf32>, memref<?xf32>
    %unknown = plan.read %x[1] : memref<?xf32> -> index
    plan.bind "size" = %unknown
    scf.if %few {
      plan.launch @k(%x, %y) : memref<?xf32>, memref<?xf32>
    } else {
      %v = plan.alloc "16*n" if_positive "size" : memref<?xf32>
      plan.launch @k(%x, %v) : memref<?xf32>, memref<?xf32>
      plan.launch @k(%v, %y) : memref<?xf32>, memref<?xf32>
    }
    plan.return
  }
}

// -----

// Sizes that keep a run from a branch may make its expressions negative: they take nothing then, and move nothing onto others.
// CHECK-LABEL: plan.entry @below(
// CHECK-SAME: workspace_bytes = "max(0, 64*n - 1280) + 64*max(0, min(1, n - 20))*n + 64*n"
plan.model @m {
  plan.kernel @k(%x: memref<?xf32>, %y: memref<?xf32>) attributes {symbols = [], writes = [1]} {
    plan.return
  }
  plan.entry @below(%n: index {plan.role = "symbol", plan.name = "n"}, %x: memref<?xf32> {plan.role = "input"},
      %y: memref<?xf32> {plan.role = "output"}, %w: memref<?xi8> {plan.role = "workspace"}) {
    %few = plan.read %x[0] : memref<?xf32> -> i1
    %r = plan.alloc "16*n" : memref<?xf32>
    scf.if %few {
      plan.launch @k(%x, %r) : memref<?xf32>, memref<?xf32>
    } else {
      %t = plan.alloc "16*n - 320" : memref<?xf32>
      %u = plan.alloc "16*n" if_positive "n - 20" : memref<?xf32>
      plan.launch @k(%x, %t) : memref<?xf32>, memref<?xf32>
      plan.launch @k(%t, %u) : memref<?xf32>, memref<?xf32>
      plan.launch @k(%u, %r) : memref<?xf32>, memref<?xf32>
    }
    plan.launch @k(%r, %y) : memref<?xf32>, memref<?xf32>
    plan.return
  }
}

// -----

// A loop: what it reads lives until its last iteration ends, though the last use stands before %b. A buffer of a size that is found
// out inside comes from the tail, which the iteration gives back.
// CHECK-LABEL: plan.entry @loop(
// CHECK-SAME: has_tail
// CHECK: plan.slice %{{.*}}["0"] count "1024"
// CHECK: scf.for
// CHECK-NEXT: %[[MARK:.*]] = plan.mark
// CHECK: plan.slice %{{.*}}["4096"] count "1024"
// CHECK: plan.tail "size"
// CHECK: plan.release %[[MARK]]
// CHECK-NEXT: }
plan.model @m {
  plan.kernel @k(%x: memref<?xf32>, %y: memref<?xf32>) attributes {symbols = [], writes = [1]} {
    plan.return
  }
  plan.entry @loop(%x: memref<?xi64> {plan.role = "input"}, %v: memref<?xf32> {plan.role = "input"}, %y: memref<?xf32> {plan.role = "output"},
      %w: memref<?xi8> {plan.role = "workspace"}) {
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %n = plan.read %x[0] : memref<?xi64> -> index
    %a = plan.alloc "1024" : memref<?xf32>
    plan.launch @k(%v, %a) : memref<?xf32>, memref<?xf32>
    scf.for %i = %zero to %n step %one {
      %b = plan.alloc "1024" : memref<?xf32>
      plan.launch @k(%a, %b) : memref<?xf32>, memref<?xf32>
      %s = plan.read %x[1] : memref<?xi64> -> index
      plan.bind "size" = %s
      %t = plan.alloc "size" : memref<?xf32>
      plan.launch @k(%b, %t) : memref<?xf32>, memref<?xf32>
      plan.launch @k(%t, %y) : memref<?xf32>, memref<?xf32>
    }
    plan.return
  }
}
