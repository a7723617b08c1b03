//! Files that were read without a rejected row before dialects were recognised: each is read as it was then.
//!
//! What stands here as expected was written by the reader of that time.

use std::ops::ControlFlow;

use foretaste_data::interactions::{ReadOptions, read_interactions};
use foretaste_data::table::Source;

/// Name, file, accepted rows, and the matrix: user, item and value in id order.
const FILES: [(&str, &[u8], u64, &str); 69] = [
    ("commas without a header", b"1,10,5\n1,11,3.5\n2,10,4\n3,12,0.5\n2,12,1\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("commas with a header", b"userId,movieId,rating\n1,10,5\n1,11,3.5\n2,10,4\n3,12,0.5\n2,12,1\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("commas with times", b"1,10,5,881250949\n1,11,3.5,881250950\n2,10,4,881250951\n3,12,0.5,881250952\n2,12,1,881250953\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("commas with a header, times and crlf", b"userId,movieId,rating,timestamp\r\n1,10,5,881250949\r\n1,11,3.5,881250950\r\n2,10,4,881250951\r\n3,12,0.5,881250952\r\n2,12,1,881250953\r\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("semicolons without a header", b"1;10;5\n1;11;3.5\n2;10;4\n3;12;0.5\n2;12;1\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("semicolons with a header", b"userId;movieId;rating\n1;10;5\n1;11;3.5\n2;10;4\n3;12;0.5\n2;12;1\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("semicolons with times", b"1;10;5;881250949\n1;11;3.5;881250950\n2;10;4;881250951\n3;12;0.5;881250952\n2;12;1;881250953\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("semicolons with a header, times and crlf", b"userId;movieId;rating;timestamp\r\n1;10;5;881250949\r\n1;11;3.5;881250950\r\n2;10;4;881250951\r\n3;12;0.5;881250952\r\n2;12;1;881250953\r\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("tabs without a header", b"1\t10\t5\n1\t11\t3.5\n2\t10\t4\n3\t12\t0.5\n2\t12\t1\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("tabs with a header", b"userId\tmovieId\trating\n1\t10\t5\n1\t11\t3.5\n2\t10\t4\n3\t12\t0.5\n2\t12\t1\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("tabs with times", b"1\t10\t5\t881250949\n1\t11\t3.5\t881250950\n2\t10\t4\t881250951\n3\t12\t0.5\t881250952\n2\t12\t1\t881250953\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("tabs with a header, times and crlf", b"userId\tmovieId\trating\ttimestamp\r\n1\t10\t5\t881250949\r\n1\t11\t3.5\t881250950\r\n2\t10\t4\t881250951\r\n3\t12\t0.5\t881250952\r\n2\t12\t1\t881250953\r\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("pipes without a header", b"1|10|5\n1|11|3.5\n2|10|4\n3|12|0.5\n2|12|1\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("pipes with a header", b"userId|movieId|rating\n1|10|5\n1|11|3.5\n2|10|4\n3|12|0.5\n2|12|1\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("pipes with times", b"1|10|5|881250949\n1|11|3.5|881250950\n2|10|4|881250951\n3|12|0.5|881250952\n2|12|1|881250953\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("pipes with a header, times and crlf", b"userId|movieId|rating|timestamp\r\n1|10|5|881250949\r\n1|11|3.5|881250950\r\n2|10|4|881250951\r\n3|12|0.5|881250952\r\n2|12|1|881250953\r\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("double colons without a header", b"1::10::5\n1::11::3.5\n2::10::4\n3::12::0.5\n2::12::1\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("double colons with a header", b"userId::movieId::rating\n1::10::5\n1::11::3.5\n2::10::4\n3::12::0.5\n2::12::1\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("double colons with times", b"1::10::5::881250949\n1::11::3.5::881250950\n2::10::4::881250951\n3::12::0.5::881250952\n2::12::1::881250953\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("double colons with a header, times and crlf", b"userId::movieId::rating::timestamp\r\n1::10::5::881250949\r\n1::11::3.5::881250950\r\n2::10::4::881250951\r\n3::12::0.5::881250952\r\n2::12::1::881250953\r\n", 5, "1 10 5; 1 11 3.5; 2 10 4; 2 12 1; 3 12 0.5"),
    ("one row", b"1,2,3", 1, "1 2 3"),
    ("two rows and no end", b"1,2,3\n4,5,6", 2, "1 2 3; 4 5 6"),
    ("lone carriage returns", b"1,2,3\r4,5,6\r7,8,9", 3, "1 2 3; 4 5 6; 7 8 9"),
    ("blank lines", b"\n1,2,3\n\n  \n4,5,6\n\n", 2, "1 2 3; 4 5 6"),
    ("a byte order mark", b"\xef\xbb\xbfuserId,movieId,rating\n1,2,3\n", 1, "1 2 3"),
    ("another order", b"rating;timestamp;ITEM-ID;User Id\n3;0;7;1\n4;0;8;1\n", 2, "1 7 3; 1 8 4"),
    ("item first", b"movie_id,user_id,score\n10,1,5\n11,1,4\n10,2,3\n", 3, "1 10 5; 1 11 4; 2 10 3"),
    ("extra columns", b"1,2,3,964982703,x\n4,5,6,964981247,y\n", 2, "1 2 3; 4 5 6"),
    ("an extra column missing", b"1,2,3,964982703\n4,5,6\n", 2, "1 2 3; 4 5 6"),
    ("spaces around", b" 1 , 2 , 3 \n\t4\t,5 ,6\n", 2, "1 2 3; 4 5 6"),
    ("leading zeros", b"1,2,3\n01,2,3\n001,2,3\n", 3, "1 2 3; 001 2 3; 01 2 3"),
    ("long ids", b"4294967295,18446744073709551616,3\n1e30,-1,4\n4294967295,18446744073709551616,5\n", 3, "4294967295 18446744073709551616 5; 1e30 -1 4"),
    ("words", b"anna,matrix,5\nbob,matrix,4\nanna,titanic,2\n", 3, "anna matrix 5; anna titanic 2; bob matrix 4"),
    ("words with spaces", b"anna b,the matrix,5\nbob c,the matrix,4\nanna b,titanic 2,2\n", 3, "anna b the matrix 5; anna b titanic 2 2; bob c the matrix 4"),
    ("words with colons", b"a:1\tx:y\t5\nb:2\tx:y\t4\n", 2, "a:1 x:y 5; b:2 x:y 4"),
    ("unicode", b"\xe6\x97\xa5\xe6\x9c\xac,\xc3\xa9,3\n\xc3\xbcser,\xe2\x98\x83,4\n\xe6\x97\xa5\xe6\x9c\xac,\xc3\xa9,5\n", 3, "üser ☃ 4; 日本 é 5"),
    ("latin-1", b"Ren\xe9,2,3\nRen\xe9,3,4\n", 2, "René 2 3; René 3 4"),
    ("duplicates", b"1,2,3\n1,2,4\n1,2,5\n2,2,1\n1,2,2\n", 5, "1 2 2; 2 2 1"),
    ("zeros", b"1,2,0\n1,3,0.0\n2,2,0\n", 3, "1 2 0; 1 3 0; 2 2 0"),
    ("odd numbers", b"1,2,+4.5\n1,3,.5\n1,4,5.\n1,5,4.50000000000000000001\n1,6,45e-1\n", 5, "1 2 4.5; 1 3 0.5; 1 4 5; 1 5 4.5; 1 6 4.5"),
    ("percent", b"1,2,100\n1,3,55\n2,2,0\n2,4,73\n", 4, "1 2 100; 1 3 55; 2 2 0; 2 4 73"),
    ("counts", b"1,2,10000\n1,3,1\n2,2,17\n", 3, "1 2 10000; 1 3 1; 2 2 17"),
    ("all quoted", b"\"1\",\"2\",\"3\"\n\"4\",\"5\",\"6\"\n", 2, "1 2 3; 4 5 6"),
    ("quoted with a header", b"\"userId\",\"movieId\",\"rating\"\n\"1\",\"2\",\"3\"\n\"4\",\"5\",\"6\"\n", 2, "1 2 3; 4 5 6"),
    ("quoted separators", b"\"a,b\",\"c;d\",3\n\"a,b\",x,4\n", 2, "a,b c;d 3; a,b x 4"),
    ("quoted quotes", b"\"\"\"a\"\"\",2,3\n\"\"\"a\"\"\",2,4\n", 2, "\"a\" 2 4"),
    ("a newline in an extra column", b"1,2,3,\"so\nso\"\n4,5,6,ok\n", 2, "1 2 3; 4 5 6"),
    ("a quote within a field", b"1,2,3\n4\"x,5,6\n", 2, "1 2 3; 4\"x 5 6"),
    ("quotes that do not close between tabs", b"1\t2\t3\n\"4\t5\t6\n7\t8\"\t9\n", 3, "1 2 3; 7 8\" 9; \"4 5 6"),
    ("text behind a closing quote", b"\"1\"x,2,3\n1x,2,4\n", 2, "1x 2 4"),
    ("apostrophes", b"o'neil,'til,5\no'neil,it's,4\n'twas,it's,3\n", 3, "'twas it's 3; o'neil 'til 5; o'neil it's 4"),
    ("one user", b"1,10,5\n1,11,4\n1,12,3\n", 3, "1 10 5; 1 11 4; 1 12 3"),
    ("one item", b"1,10,5\n2,10,4\n3,10,3\n", 3, "1 10 5; 2 10 4; 3 10 3"),
    ("users in order, each once", b"1,10,5\n2,11,4\n3,12,3\n4,10,2\n5,11,1\n6,12,4\n", 6, "1 10 5; 2 11 4; 3 12 3; 4 10 2; 5 11 1; 6 12 4"),
    ("users in order, each once, with times", b"1,10,5,881250949\n2,11,4,881250950\n3,12,3,881250951\n4,10,2,881250952\n5,11,1,881250953\n", 5, "1 10 5; 2 11 4; 3 12 3; 4 10 2; 5 11 1"),
    ("users in order, from zero", b"0,10,5\n1,11,4\n2,12,3\n3,10,2\n", 4, "0 10 5; 1 11 4; 2 12 3; 3 10 2"),
    ("ids that are ratings", b"1,1,1\n1,2,3\n2,1,5\n3,3,3\n5,4,2\n", 5, "1 1 1; 1 2 3; 2 1 5; 3 3 3; 5 4 2"),
    ("small numbers, four columns", b"1,2,3,4\n1,3,4,4\n2,2,3,1\n", 3, "1 2 3; 1 3 4; 2 2 3"),
    ("titles behind", b"1,10,5,Toy Story (1995)\n1,11,4,The Matrix\n2,10,3,Toy Story (1995)\n", 3, "1 10 5; 1 11 4; 2 10 3"),
    ("genres behind", b"1,10,5,Action|Comedy\n1,11,4,Drama\n", 2, "1 10 5; 1 11 4"),
    ("dates behind", b"1,10,5,2024-01-05 10:00\n1,11,4,2024-01-06\n", 2, "1 10 5; 1 11 4"),
    ("header with extra columns", b"userId,title,movieId,rating,note\n1,A film,10,5,x\n2,Another,11,4,y\n", 2, "1 10 5; 2 11 4"),
    ("header with an index column", b",userId,movieId,rating\n0,1,10,5\n1,1,11,4\n2,2,10,3\n", 3, "1 10 5; 1 11 4; 2 10 3"),
    ("header with words of another case", b"USER_ID|ITEM_ID|STARS\n1|10|5\n2|10|3\n", 2, "1 10 5; 2 10 3"),
    ("books", b"User-ID;ISBN;Book-Rating\n276725;034545104X;0\n276726;0155061224;5\n", 2, "276725 034545104X 0; 276726 0155061224 5"),
    ("tabs with quotes in a comment", b"1\t10\t5\tsaid \"yes\"\n1\t11\t4\tno\n", 2, "1 10 5; 1 11 4"),
    ("asin", b"A2SUAM1J3GNN3B,0000013714,5.0,1400457600\nAPOZ15IEYQRRR,0000013714,5.0,1362268800\n", 2, "A2SUAM1J3GNN3B 0000013714 5; APOZ15IEYQRRR 0000013714 5"),
    ("a header and one row", b"userId,movieId,rating\n1,2,3\n", 1, "1 2 3"),
    ("colons and a header", b"UserID::MovieID::Rating::Timestamp\n1::1193::5::978300760\n1::661::3::978302109\n", 2, "1 661 3; 1 1193 5"),
];

#[test]
fn a_file_that_was_read_whole_is_read_as_before() {
    for (name, bytes, accepted, expected) in FILES {
        let read = read_interactions(Source::bytes(bytes), &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
        let (found, report) = read.unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut matrix = Vec::new();
        for user in 0..found.users().len() {
            let (items, values) = found.matrix().row(user);
            matrix.extend(items.iter().zip(values).map(|(&item, value)| {
                format!("{} {} {value}", found.users().name(user as u32), found.items().name(item))
            }));
        }
        assert_eq!(
            (report.accepted, report.rejected.total, matrix.join("; ").as_str()),
            (accepted, 0, expected),
            "{name}"
        );
    }
}
