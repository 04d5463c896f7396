// Kernels of the forms that expand-kernels makes, and the text they become.
// RUN: ingot-translate --target=x86-64-v4 %s | FileCheck %s

module { plan.model @net {

// A vector loop and its masked tail. The count of tiles needs n, the body as well.
// CHECK-LABEL: // relu1: Relu on [n]; tile: 1024 elements
// CHECK-NEXT: extern "C" void net_x86_64_v4_relu(int64_t n, const float *x, float *y, int64_t begin, int64_t end) {
// CHECK-NEXT:   for (int64_t tile = begin; tile < end; ++tile) {
// CHECK-NEXT:     const int64_t index = tile * 1024;
// CHECK-NEXT:     const int64_t limit = ingot_min(index + 1024, n);
// CHECK-NEXT:     const int64_t whole = limit - (limit - index) % 16;
// CHECK-NEXT:     for (int64_t i = index; i < whole; i += 16)
// CHECK-NEXT:       store(y + i, maximum(load<f32x16>(x + i), f32x16{}) * broadcast<f32x16>(0.5f));
// CHECK-NEXT:     if (whole < limit) {
// CHECK-NEXT:       const int64_t rest = limit - whole;
// CHECK-NEXT:       store_n(y + whole, maximum(load_n<f32x16>(x + whole, rest), f32x16{}) * broadcast<f32x16>(0.5f), rest);
// CHECK-NEXT:     }
// CHECK-NEXT:   }
// CHECK-NEXT: }
plan.kernel @relu(%n: index {plan.name = "n"}, %x: memref<?xf32> {plan.name = "x"}, %y: memref<?xf32> {plan.name = "y"})
    attributes {target = "x86_64_v4", writes = [2], doc = "relu1: Relu on [n]; tile: 1024 elements"} {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c1024 = arith.constant 1024 : index
  %zero = arith.constant dense<0.0> : vector<16xf32>
  %half = arith.constant dense<0.5> : vector<16xf32>
  %tiles = arith.ceildivsi %n, %c1024 : index
  scf.forall (%tile) in (%tiles) {
    %at = arith.muli %tile, %c1024 : index
    %next = arith.addi %at, %c1024 : index
    %limit = arith.minsi %next, %n : index
    %d = arith.subi %limit, %at : index
    %r = arith.remui %d, %c16 : index
    %whole = arith.subi %limit, %r {plan.name = "whole"} : index
    scf.for %i = %at to %whole step %c16 {
      %v = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
      %m = arith.maximumf %v, %zero : vector<16xf32>
      %s = arith.mulf %m, %half : vector<16xf32>
      vector.store %s, %y[%i] : memref<?xf32>, vector<16xf32>
    }
    %more = arith.cmpi slt, %whole, %limit : index
    scf.if %more {
      %left = arith.subi %limit, %whole {plan.name = "rest"} : index
      %mask = vector.create_mask %left : vector<16xi1>
      %v = vector.maskedload %x[%whole], %mask, %zero : memref<?xf32>, vector<16xi1>, vector<16xf32> into vector<16xf32>
      %m = arith.maximumf %v, %zero : vector<16xf32>
      %s = arith.mulf %m, %half : vector<16xf32>
      vector.maskedstore %y[%whole], %mask, %s : memref<?xf32>, vector<16xi1>, vector<16xf32>
    }
  }
  plan.return
}

// A register tile of 6 by 64 over packed weights: loops with names, accumulators in an array.
// CHECK-LABEL: extern "C" void net_x86_64_v4_matmul(const float *__restrict a, const float *__restrict w,
// CHECK:         f32x16 acc[6][4];
// CHECK-NEXT:    INGOT_UNROLL(6)
// CHECK-NEXT:    for (int64_t m = 0; m < 6; ++m) {
// CHECK-NEXT:      INGOT_UNROLL(4)
// CHECK-NEXT:      for (int64_t n = 0; n < 4; ++n)
// CHECK-NEXT:        acc[m][n] = f32x16{};
// CHECK-NEXT:    }
// CHECK-NEXT:    const int64_t tile_offset = tile * 6;
// CHECK-NEXT:    for (int64_t k = 0; k < 32; ++k) {
// CHECK:           f32x16 b[4];
// CHECK:             b[n] = load<f32x16>(w + k * 64 + n * 16);
// CHECK:             const f32x16 x = broadcast<f32x16>(a[(tile_offset + m) * 32 + k]);
// CHECK:               acc[m][n] = fma(x, b[n], acc[m][n]);
// CHECK:             store(c + (tile_offset + m) * 64 + n * 16, acc[m][n]);
plan.kernel @matmul(%a: memref<?xf32> {plan.name = "a"}, %w: memref<?xf32> {plan.name = "w"}, %c: memref<?xf32> {plan.name = "c"})
    attributes {target = "x86_64_v4", noalias, writes = [2], flops = "49152", doc = "fc: MatMul 12x32 by 32x64; tile: 6 rows"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c6 = arith.constant 6 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : vector<16xf32>
  scf.forall (%tile) in (%c2) {
    %acc = memref.alloca() {plan.name = "acc"} : memref<6x4xvector<16xf32>>
    scf.for %m = %c0 to %c6 step %c1 {
      scf.for %n = %c0 to %c4 step %c1 {
        memref.store %zero, %acc[%m, %n] : memref<6x4xvector<16xf32>>
      } {plan.name = "n", plan.unroll}
    } {plan.name = "m", plan.unroll}
    %at = arith.muli %tile, %c6 : index
    scf.for %k = %c0 to %c32 step %c1 {
      %b = memref.alloca() {plan.name = "b"} : memref<4xvector<16xf32>>
      %row = arith.muli %k, %c64 : index
      scf.for %n = %c0 to %c4 step %c1 {
        %j = arith.muli %n, %c16 : index
        %p = arith.addi %row, %j : index
        %v = vector.load %w[%p] : memref<?xf32>, vector<16xf32>
        memref.store %v, %b[%n] : memref<4xvector<16xf32>>
      } {plan.name = "n", plan.unroll}
      scf.for %m = %c0 to %c6 step %c1 {
        %i = arith.addi %at, %m : index
        %i32 = arith.muli %i, %c32 : index
        %p = arith.addi %i32, %k : index
        %s = memref.load %a[%p] : memref<?xf32>
        %x = vector.broadcast %s {plan.name = "x"} : f32 to vector<16xf32>
        scf.for %n = %c0 to %c4 step %c1 {
          %bv = memref.load %b[%n] : memref<4xvector<16xf32>>
          %old = memref.load %acc[%m, %n] : memref<6x4xvector<16xf32>>
          %new = vector.fma %x, %bv, %old : vector<16xf32>
          memref.store %new, %acc[%m, %n] : memref<6x4xvector<16xf32>>
        } {plan.name = "n", plan.unroll}
      } {plan.name = "m", plan.unroll}
    } {plan.name = "k"}
    scf.for %m = %c0 to %c6 step %c1 {
      scf.for %n = %c0 to %c4 step %c1 {
        %v = memref.load %acc[%m, %n] : memref<6x4xvector<16xf32>>
        %i = arith.addi %at, %m : index
        %i64 = arith.muli %i, %c64 : index
        %j = arith.muli %n, %c16 : index
        %p = arith.addi %i64, %j : index
        vector.store %v, %c[%p] : memref<?xf32>, vector<16xf32>
      } {plan.name = "n", plan.unroll}
    } {plan.name = "m", plan.unroll}
  }
  plan.return
}

// A table of row pointers; rows outside the image are zeros of the unit.
// CHECK-LABEL: extern "C" void net_x86_64_v4_conv(
// CHECK:         const float *row[3];
// CHECK:         row[kh] = h >= 0 && h < 8 ? x + h * 8 : zeros_float;
// CHECK:         sum += row[kh][w + kw] * weights2[kh * 3 + kw];
plan.kernel @conv(%x: memref<?xf32> {plan.name = "x"}, %w: memref<?xf32> {plan.name = "weights2"}, %y: memref<?xf32> {plan.name = "y"})
    attributes {target = "x86_64_v4", writes = [2], doc = "conv1: Conv 3x3, one channel, valid columns, padded rows; tile: one row"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c6 = arith.constant 6 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  scf.forall (%tile) in (%c8) {
    %row = memref.alloca() : memref<3x!plan.ptr<f32>>
    %none = plan.zeros 8 : !plan.ptr<f32>
    scf.for %kh = %c0 to %c3 step %c1 {
      %t = arith.addi %tile, %kh : index
      %h = arith.subi %t, %c1 {plan.name = "h"} : index
      %low = arith.cmpi sge, %h, %c0 : index
      %high = arith.cmpi slt, %h, %c8 : index
      %inside = arith.andi %low, %high : i1
      %p = scf.if %inside -> !plan.ptr<f32> {
        %o = arith.muli %h, %c8 : index
        %q = plan.ptr_to %x[%o] : memref<?xf32> -> !plan.ptr<f32>
        scf.yield %q : !plan.ptr<f32>
      } else {
        scf.yield %none : !plan.ptr<f32>
      }
      memref.store %p, %row[%kh] : memref<3x!plan.ptr<f32>>
    } {plan.name = "kh"}
    scf.for %col = %c0 to %c6 step %c1 {
      %total = scf.for %kh = %c0 to %c3 step %c1 iter_args(%acc = %zero) -> f32 {
        %part = scf.for %kw = %c0 to %c3 step %c1 iter_args(%acc2 = %acc) -> f32 {
          %p = memref.load %row[%kh] : memref<3x!plan.ptr<f32>>
          %i = arith.addi %col, %kw : index
          %a = plan.ptr_load %p[%i] : !plan.ptr<f32> -> f32
          %k3 = arith.muli %kh, %c3 : index
          %k = arith.addi %k3, %kw : index
          %b = memref.load %w[%k] : memref<?xf32>
          %ab = arith.mulf %a, %b : f32
          %s = arith.addf %acc2, %ab : f32
          scf.yield %s : f32
        } {plan.name = "kw"}
        scf.yield %part : f32
      } {plan.name = "kh"}
      %o = arith.muli %tile, %c6 : index
      %at = arith.addi %o, %col : index
      memref.store %total, %y[%at] : memref<?xf32>
    } {plan.name = "w"}
  }
  plan.return
}

// A softmax row: two reductions with carried vectors, a local line.
// CHECK-LABEL: extern "C" void net_x86_64_v4_softmax(
// CHECK:         f32x16 maxima = broadcast<f32x16>(-INGOT_INF);
// CHECK-NEXT:    for (int64_t i = 0; i < 64; i += 16)
// CHECK-NEXT:      maxima = maximum(maxima, load<f32x16>(x + tile * 64 + i));
// CHECK:         alignas(64) float line[64];
// CHECK:         f32x16 sums = f32x16{};
// CHECK:           sums += e;
// CHECK:         1.0f / reduce_add(sums)
plan.kernel @softmax(%x: memref<?xf32> {plan.name = "x"}, %y: memref<?xf32> {plan.name = "y"})
    attributes {target = "x86_64_v4", writes = [1], doc = "probs: Softmax over 64; tile: one row"} {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %ninf = arith.constant dense<0xFF800000> : vector<16xf32>
  %zero = arith.constant dense<0.0> : vector<16xf32>
  %one = arith.constant 1.0 : f32
  scf.forall (%tile) in (%c4) {
    %max = scf.for %i = %c0 to %c64 step %c16 iter_args(%m = %ninf) -> vector<16xf32> {
      %b = arith.muli %tile, %c64 : index
      %at = arith.addi %b, %i : index
      %v = vector.load %x[%at] : memref<?xf32>, vector<16xf32>
      %n = arith.maximumf %m, %v : vector<16xf32>
      scf.yield %n : vector<16xf32>
    }
    %top = vector.reduction <maximumf>, %max : vector<16xf32> into f32
    %topv = vector.broadcast %top : f32 to vector<16xf32>
    %line = memref.alloca() : memref<64xf32>
    %sum = scf.for %i = %c0 to %c64 step %c16 iter_args(%s = %zero) -> vector<16xf32> {
      %b = arith.muli %tile, %c64 : index
      %at = arith.addi %b, %i : index
      %v = vector.load %x[%at] : memref<?xf32>, vector<16xf32>
      %d = arith.subf %v, %topv : vector<16xf32>
      %e = math.exp %d {plan.name = "e"} : vector<16xf32>
      vector.store %e, %line[%i] : memref<64xf32>, vector<16xf32>
      %n = arith.addf %s, %e : vector<16xf32>
      scf.yield %n : vector<16xf32>
    }
    %total = vector.reduction <add>, %sum : vector<16xf32> into f32
    %inv = arith.divf %one, %total : f32
    %invv = vector.broadcast %inv : f32 to vector<16xf32>
    scf.for %i = %c0 to %c64 step %c16 {
      %e = vector.load %line[%i] : memref<64xf32>, vector<16xf32>
      %r = arith.mulf %e, %invv : vector<16xf32>
      %b = arith.muli %tile, %c64 : index
      %at = arith.addi %b, %i : index
      vector.store %r, %y[%at] : memref<?xf32>, vector<16xf32>
    }
  }
  plan.return
}

// One body for the rows of a block and for those left over: a function template, and a call for each case.
// CHECK-LABEL: // total: row sums, 5 rows by two
// CHECK-EMPTY:
// CHECK-NEXT: // A block: `rows` rows from `row` on.
// CHECK-NEXT: template <int64_t rows, bool last>
// CHECK-NEXT: static void row_sums_block(const float *x, float *y, int64_t row) {
// CHECK-NEXT:   float acc[2];
// CHECK-NEXT:   INGOT_UNROLL(2)
// CHECK-NEXT:   for (int64_t i = 0; i < rows; ++i) {
// CHECK:          acc[i] = sum;
// CHECK:        INGOT_UNROLL(2)
// CHECK-NEXT:   for (int64_t i = 0; i < rows; ++i) {
// CHECK-NEXT:     const float acc_value = acc[i];
// CHECK-NEXT:     y[row + i] = last ? -acc_value : acc_value;
// CHECK-NEXT:   }
// CHECK-NEXT: }
// CHECK-EMPTY:
// CHECK-NEXT: extern "C" void net_x86_64_v4_row_sums(const float *x, float *y, int64_t begin, int64_t end) {
// CHECK-NEXT:   for (int64_t tile = begin; tile < end; ++tile) {
// CHECK-NEXT:     const int64_t row = tile * 2;
// CHECK-NEXT:     const int64_t rows = ingot_min(5 - row, 2);
// CHECK-NEXT:     const bool last = rows < 2;
// CHECK-NEXT:     if (rows == 2 && !last)
// CHECK-NEXT:       row_sums_block<2, false>(x, y, row);
// CHECK-NEXT:     else
// CHECK-NEXT:       row_sums_block<1, true>(x, y, row);
// CHECK-NEXT:   }
// CHECK-NEXT: }
plan.kernel @row_sums(%x: memref<?xf32> {plan.name = "x"}, %y: memref<?xf32> {plan.name = "y"})
    attributes {target = "x86_64_v4", writes = [1], doc = "total: row sums, 5 rows by two"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0.0 : f32
  scf.forall (%tile) in (%c3) {
    %row = arith.muli %tile, %c2 {plan.name = "row"} : index
    %left = arith.subi %c5, %row : index
    %rows = arith.minsi %left, %c2 {plan.name = "rows"} : index
    %last = arith.cmpi slt, %rows, %c2 {plan.name = "last"} : index
    plan.variants "block" (%rows, %last) arguments ["rows", "last"] cases [[2, 0], [1, 1]] : index, i1
        attributes {doc = "A block: `rows` rows from `row` on."} {
    ^bb0(%r: index, %end: i1):
      %acc = memref.alloca() {plan.name = "acc"} : memref<2xf32>
      scf.for %i = %c0 to %r step %c1 {
        %sum = scf.for %k = %c0 to %c3 step %c1 iter_args(%s = %zero) -> f32 {
          %m = arith.addi %row, %i : index
          %m3 = arith.muli %m, %c3 : index
          %at = arith.addi %m3, %k : index
          %v = memref.load %x[%at] : memref<?xf32>
          %next = arith.addf %s, %v : f32
          scf.yield %next : f32
        } {plan.name = "k"}
        memref.store %sum, %acc[%i] : memref<2xf32>
      } {plan.name = "i", plan.unroll = 2}
      scf.for %i = %c0 to %r step %c1 {
        %v = memref.load %acc[%i] : memref<2xf32>
        %n = arith.negf %v : f32
        %chosen = arith.select %end, %n, %v : f32
        %m = arith.addi %row, %i : index
        memref.store %chosen, %y[%m] : memref<?xf32>
      } {plan.name = "i", plan.unroll = 2}
    }
  }
  plan.return
}

// Products of sizes need no order, but one with a division keeps its parentheses: n * (m / 80 * 5) is not n * m / 80 * 5.
// CHECK-LABEL: extern "C" void net_x86_64_v4_quotients(
// CHECK:       store(y + tile * (m / 80 * 5) + n * m * tile,
// CHECK-NEXT:  store(y + tile * (m / 80 * 30),
plan.kernel @quotients(%n: index {plan.name = "n"}, %m: index {plan.name = "m"}, %x: memref<?xf32> {plan.name = "x"}, %y: memref<?xf32> {plan.name = "y"})
    attributes {target = "x86_64_v4", writes = [3], doc = "addresses"} {
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c80 = arith.constant 80 : index
  scf.forall (%tile) in (%n) {
    %v = vector.load %x[%tile] : memref<?xf32>, vector<16xf32>
    %q = arith.divui %m, %c80 : index
    %q5 = arith.muli %q, %c5 : index
    %row = arith.muli %tile, %q5 : index
    %mt = arith.muli %m, %tile : index
    %nmt = arith.muli %n, %mt : index
    %at = arith.addi %row, %nmt : index
    vector.store %v, %y[%at] : memref<?xf32>, vector<16xf32>
    %p = arith.divui %m, %c80 : index
    %p5 = arith.muli %p, %c5 : index
    %p30 = arith.muli %p5, %c6 : index
    %further = arith.muli %tile, %p30 : index
    vector.store %v, %y[%further] : memref<?xf32>, vector<16xf32>
  }
  plan.return
}
}}
